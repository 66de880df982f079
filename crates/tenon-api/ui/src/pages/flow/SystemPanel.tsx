import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { Schemas } from '../../api/client'
import type { Moment } from '../../live/live'
import { HalfFacts, HalfState, linksOf, waitingOf } from '../../parts/Half'
import { Sparkline } from '../../parts/Sparkline'

/** One system, as one needs it after a click in the graph. */
export function SystemPanel({ system, past }: { system: Schemas['SystemNow']; past: Moment[] }) {
  const { t } = useTranslation('flow')
  const navigate = useNavigate()
  const waiting = waitingOf(system)
  const halves = [['receive', system.receive, 0], ['deliver', system.deliver, 1]] as const
  return (
    <div className="stack">
      {halves.map(([name, half, at]) =>
        half ? (
          <section key={name} className="stack" style={{ gap: 8 }}>
            <div className="row between">
              <h3 style={{ margin: 0 }}>{t(name)}</h3>
              <HalfState half={half} />
            </div>
            <Sparkline values={past.map((moment) => moment.systems[system.name]?.[at] ?? 0)} width={360} height={44} tone={at ? 'info' : 'good'} />
            <HalfFacts half={half} system={system.name} side={name} queued={system.queued} lag={system.lag_ms} waiting={waiting[name]} failed={at ? waiting.failed : system.invalid} />
          </section>
        ) : null,
      )}
      <div className="row">
        <Button type="primary" onClick={() => navigate(`/connectors/${system.name}`)}>{t('open_connector')}</Button>
        {system.receive && <Button onClick={() => navigate(linksOf(system.name, 'receive').messages)}>{t('open_messages')}</Button>}
        {system.deliver && <Button onClick={() => navigate(linksOf(system.name, 'deliver').messages)}>{t('open_deliveries')}</Button>}
        <Button onClick={() => navigate(`/parked?system=${system.name}`)}>{t('open_parked')}</Button>
      </div>
    </div>
  )
}
