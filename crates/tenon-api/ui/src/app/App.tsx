import { StyleProvider } from '@ant-design/cssinjs'
import { QueryClientProvider } from '@tanstack/react-query'
import { App as AntApp, ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { Suspense, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { BrowserRouter, Route, Routes, useLocation } from 'react-router'
import { queries, whenSignedOut } from '../api/client'
import { SESSION_KEY, SessionProvider, useCurrentSession } from '../session/session'
import { LINKS, SignIn } from '../session/SignIn'
import { Trouble } from '../parts/Trouble'
import { Mark } from './Mark'
import { nonce } from './nonce'
import { PAGES } from './pages'
import { Shell } from './Shell'
import { antTheme, PALETTES, useLook } from './theme'

export function App() {
  return (
    <Suspense fallback={<Waiting />}>
      <Dressed />
    </Suspense>
  )
}

/** The one screen that is seen before anything is known. */
function Waiting() {
  return (
    <div className="waiting" aria-busy="true">
      <Mark size={44} />
    </div>
  )
}

function Dressed() {
  const look = useLook()
  const { i18n } = useTranslation()
  useEffect(() => {
    const root = document.documentElement
    for (const [name, value] of Object.entries(PALETTES[look])) {
      if (typeof value === 'string') root.style.setProperty(`--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`, value)
    }
  }, [look])
  return (
    <StyleProvider layer>
      <ConfigProvider
        theme={antTheme(look)}
        locale={i18n.language === 'zh' ? zhCN : enUS}
        csp={nonce ? { nonce } : undefined}
        componentSize="middle"
      >
        <AntApp component={false}>
          <QueryClientProvider client={queries}>
            <BrowserRouter>
              <Suspense fallback={<Waiting />}>
                <Gate />
              </Suspense>
            </BrowserRouter>
          </QueryClientProvider>
        </AntApp>
      </ConfigProvider>
    </StyleProvider>
  )
}

/** Lets in whoever is signed in, and shows the door to everybody else. */
function Gate() {
  const session = useCurrentSession()
  const { pathname } = useLocation()
  useEffect(() => whenSignedOut(() => queries.setQueryData(SESSION_KEY, null)), [])
  if (session.isPending) return <Waiting />
  if (session.error && !session.data) {
    return (
      <main className="door">
        <Trouble error={session.error} again={() => session.refetch()} />
      </main>
    )
  }
  if (!session.data || LINKS.includes(pathname)) return <SignIn inside={session.data?.user} />
  return (
    <SessionProvider session={session.data}>
      <Routes>
        <Route element={<Shell />}>
          {PAGES.map((page) => (
            <Route key={page.path} path={page.path} element={<page.component />} />
          ))}
          <Route path="*" element={<Trouble />} />
        </Route>
      </Routes>
    </SessionProvider>
  )
}
