import { Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { PageHead, Panel } from '../../parts/PageHead'
import { useMay } from '../../session/session'
import { About } from './About'
import { Account } from './Account'
import { Audit } from './Audit'
import { Tokens } from './Tokens'
import { Users } from './Users'
import './settings.css'

/** Who may what, what was done, and what runs here. */
export default function Settings() {
  const { t } = useTranslation('settings')
  const may = useMay('administer')
  const [params, setParams] = useSearchParams()
  const tabs = [
    ...(may
      ? [
          { key: 'users', label: t('users'), children: <Users /> },
          { key: 'tokens', label: t('tokens'), children: <Tokens /> },
          { key: 'audit', label: t('audit'), children: <Audit /> },
        ]
      : []),
    { key: 'account', label: t('account'), children: <Account /> },
    { key: 'about', label: t('about'), children: <About /> },
  ]
  return (
    <div className="page">
      <PageHead title={t('title')} />
      <Panel flush>
        <Tabs className="settings-tabs" activeKey={params.get('tab') ?? tabs[0]!.key} onChange={(tab) => setParams({ tab }, { replace: true })} items={tabs} destroyOnHidden />
      </Panel>
    </div>
  )
}
