import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { PageHead, Panel } from '../../parts/PageHead'
import { useMay } from '../../session/session'
import { About } from './About'
import { Account } from './Account'
import { Audit } from './Audit'
import { Figures } from './Figures'
import { Tokens } from './Tokens'
import { Users } from './Users'
import './settings.css'

/** Who may what, what was done, and what runs here. */
export default function Settings() {
  const { t } = useTranslation('settings')
  const may = useMay('administer')
  const [params] = useSearchParams()
  const tabs: Record<string, ReactNode> = {
    ...(may ? { users: <Users />, tokens: <Tokens />, audit: <Audit /> } : {}),
    figures: <Figures />,
    account: <Account />,
    about: <About />,
  }
  const asked = params.get('tab') ?? ''
  const tab = asked in tabs ? asked : Object.keys(tabs)[0]!
  return (
    <div className="page">
      <PageHead title={t('title')} />
      <Panel flush className="settings">
        <nav className="tab-links" aria-label={t('title')}>
          {Object.keys(tabs).map((key) => <Link key={key} to={{ search: `tab=${key}` }} replace aria-current={key === tab ? 'page' : undefined}>{t(key)}</Link>)}
        </nav>
        <div className="settings-body">{tabs[tab]}</div>
      </Panel>
    </div>
  )
}
