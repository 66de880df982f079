import { Alert, Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, hub, type Schemas } from '../../api/client'
import { useSay } from '../../parts/ask'
import { Panel } from '../../parts/PageHead'
import { State } from '../../parts/State'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'

/** Where one looks into an alert. */
function placeOf({ kind, system }: Schemas['AlertView']) {
  if (kind.startsWith('parked.')) return `/parked?system=${system}`
  return system ? `/connectors/${system}` : '/flow'
}

/** The alerts that stand; for who administers, whether they would arrive where they are posted. */
export function Alerts() {
  const { t } = useTranslation('overview')
  const say = useSay()
  const may = useMay('administer')
  const [busy, setBusy] = useState(false)
  const found = hub.useQuery('get', '/api/v1/alerts', {}, { refetchInterval: 10_000 })
  if (!found.data) return null
  const { items, posted } = found.data
  async function test() {
    setBusy(true)
    try {
      await api.POST('/api/v1/alerts/test')
      say.done(t('alerts.tested'))
    } catch (error) {
      say.failed(error)
    } finally {
      setBusy(false)
    }
  }
  if (!items.length && !(may && posted)) return null
  return (
    <Panel title={t('alerts.title')} tools={may && posted && <Button size="small" loading={busy} onClick={() => void test()}>{t('alerts.test')}</Button>}>
      {!items.length && <p className="quiet">{t('alerts.none')}</p>}
      <div className="stack" style={{ gap: 8 }}>
        {items.map((alert) => (
          <Alert
            key={alert.kind + alert.subject}
            type={alert.kind === 'connector.failed' ? 'error' : 'warning'}
            title={
              <span className="row">
                <State state="failed" tone={alert.kind === 'connector.failed' ? 'bad' : 'wait'} label={t(`alerts.kind.${alert.kind.replace('.', '_')}`, { defaultValue: alert.kind })} />
                <Link to={placeOf(alert)}>{alert.subject}</Link>
                <span className="quiet"><When at={alert.since} /></span>
              </span>
            }
            description={<span className="break">{alert.detail}</span>}
          />
        ))}
      </div>
    </Panel>
  )
}
