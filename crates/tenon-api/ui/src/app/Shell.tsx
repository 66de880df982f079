import { Button, Drawer, Dropdown, Menu, Skeleton } from 'antd'
import { LogoutOutlined, MenuOutlined, QuestionOutlined, SearchOutlined, SettingOutlined, UserOutlined } from '@ant-design/icons'
import { Suspense, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { matchPath, Outlet, useLocation, useNavigate } from 'react-router'
import { keepLanguage, signOut, useSession } from '../session/session'
import { LivePulse } from '../live/LivePulse'
import { useSay } from '../parts/ask'
import { Fence } from '../parts/Trouble'
import { Keys, useShellKeys } from './Keys'
import { Mark } from './Mark'
import { GROUPS, PAGES } from './pages'
import { QuickFind } from './QuickFind'
import { LanguageSwitch, LookSwitch } from './switches'

/** What stands around every page: the menu, the way to find anything, and who is signed in. */
export function Shell() {
  const { t, i18n } = useTranslation()
  const session = useSession()
  const say = useSay()
  const location = useLocation()
  const navigate = useNavigate()
  const [menu, setMenu] = useState(false)
  const [finding, setFinding] = useState(false)
  const [keys, setKeys] = useState(false)
  const main = useRef<HTMLElement>(null)
  const page = PAGES.find((page) => matchPath(page.path, location.pathname))

  useEffect(() => {
    setMenu(false)
    main.current?.scrollTo(0, 0)
  }, [location.pathname])

  useEffect(() => {
    const title = page ? `${t(`nav.${page.key}`)} · Tenon` : 'Tenon'
    document.title = title
  }, [page, t, i18n.language])

  useShellKeys({ find: () => setFinding(true), sheet: () => setKeys(true), go: (path) => void navigate(path) })

  // A table that is wider than the screen is scrolled by keyboard, too.
  useEffect(() => {
    const place = main.current!
    const reach = () => place.querySelectorAll('.ant-table-content:not([tabindex])').forEach((content) => content.setAttribute('tabindex', '0'))
    const seen = new MutationObserver(reach)
    seen.observe(place, { childList: true, subtree: true })
    reach()
    return () => seen.disconnect()
  }, [])

  return (
    <div className="shell">
      <a className="skip" href="#main">
        {t('skip')}
      </a>
      <aside className="side">
        <Brand />
        <Pages />
      </aside>
      <Drawer
        open={menu}
        onClose={() => setMenu(false)}
        placement="left"
        size={260}
        styles={{ body: { padding: '8px 0' } }}
        title={<Brand />}
      >
        <Pages />
      </Drawer>
      <header className="top">
        <Button
          className="only-small"
          type="text"
          icon={<MenuOutlined />}
          aria-label={t('menu')}
          onClick={() => setMenu(true)}
        />
        <button type="button" className="find" onClick={() => setFinding(true)}>
          <SearchOutlined />
          <span className="find-text">{t('find.invite')}</span>
          <kbd>/</kbd>
        </button>
        <span className="grow" />
        <LivePulse />
        <LanguageSwitch choose={(language) => void keepLanguage(language)} />
        <LookSwitch />
        <Dropdown
          trigger={['click']}
          menu={{
            items: [
              {
                key: 'who',
                type: 'group',
                label: `${session.display_name || session.user} · ${t(`role.${session.role}`)}`,
              },
              { key: 'own', icon: <SettingOutlined />, label: t('own'), onClick: () => void navigate('/settings?tab=account') },
              { key: 'keys', icon: <QuestionOutlined />, label: t('keys.title'), extra: <kbd>?</kbd>, onClick: () => setKeys(true) },
              { key: 'out', icon: <LogoutOutlined />, label: t('sign_out'), onClick: () => void signOut().catch(say.failed) },
            ],
          }}
        >
          <Button type="text" icon={<UserOutlined />} aria-label={t('account')}>
            <span className="only-large">{session.display_name || session.user}</span>
          </Button>
        </Dropdown>
      </header>
      <main id="main" className="main" ref={main} tabIndex={-1}>
        <Fence resetBy={location.pathname}>
          <Suspense fallback={<Skeleton active className="page" paragraph={{ rows: 8 }} />}>
            <Outlet />
          </Suspense>
        </Fence>
      </main>
      <QuickFind open={finding} onClose={() => setFinding(false)} />
      <Keys open={keys} onClose={() => setKeys(false)} />
    </div>
  )
}

function Brand() {
  return (
    <div className="brand">
      <Mark />
      <span>Tenon</span>
    </div>
  )
}

function Pages() {
  const { t } = useTranslation()
  const location = useLocation()
  const navigate = useNavigate()
  const here = PAGES.find((page) => matchPath(page.path, location.pathname))
  const items = GROUPS.map((group) => ({
    key: group,
    type: 'group' as const,
    label: t(`group.${group}`),
    children: PAGES.filter((page) => page.group === group && !page.under).map((page) => ({
      key: page.key,
      icon: page.icon,
      label: (
        <a
          href={page.path}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey) return
            event.preventDefault()
            navigate(page.path)
          }}
        >
          {t(`nav.${page.key}`)}
        </a>
      ),
    })),
  })).filter((group) => group.children.length > 0)
  return (
    <nav aria-label={t('menu')}>
      <Menu mode="inline" items={items} selectedKeys={here ? [here.under ?? here.key] : []} />
    </nav>
  )
}
