import { Alert, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { Schemas } from '../../api/client'
import type { Moment } from '../../live/live'
import { useFormat } from '../../parts/format'
import { Sparkline } from '../../parts/Sparkline'
import { State } from '../../parts/State'
import { When } from '../../parts/When'

/** One system, as one needs it after a click in the graph. */
export function SystemPanel({ system, past }: { system: Schemas['SystemNow']; past: Moment[] }) {
  const { t } = useTranslation('flow')
  const { number, duration } = useFormat()
  const navigate = useNavigate()
  const halves = [['receive', system.receive, 0], ['deliver', system.deliver, 1]] as const
  return (
    <div className="stack">
      {halves.map(([name, half, at]) =>
        half ? (
          <section key={name} className="stack" style={{ gap: 8 }}>
            <div className="row between">
              <h3 style={{ margin: 0 }}>{t(name)}</h3>
              <State state={half.state} />
            </div>
            {half.reason && <Alert type={half.state === 'failed' ? 'error' : 'warning'} title={half.reason} />}
            <Sparkline values={past.map((moment) => moment.systems[system.name]?.[at] ?? 0)} width={360} height={44} tone={at ? 'info' : 'good'} />
            <dl className="facts">
              <dt>{t('rate')}</dt>
              <dd className="number">{number(half.per_second)}/s</dd>
              <dt>{t('since_start')}</dt>
              <dd className="number">{number(half.messages)}</dd>
              <dt>{t('last_progress')}</dt>
              <dd><When at={half.last_progress} /></dd>
              {at === 1 && (
                <>
                  <dt>{t('queue')}</dt>
                  <dd className="number">{system.queued ?? '–'}</dd>
                  <dt>{t('lag')}</dt>
                  <dd className="number">{system.lag_ms == null ? '–' : duration(system.lag_ms)}</dd>
                </>
              )}
            </dl>
          </section>
        ) : null,
      )}
      <dl className="facts">
        {Object.entries(system.parked).map(([state, count]) => (
          <div key={state} style={{ display: 'contents' }}>
            <dt>{t(`parked_state.${state}`, { ns: 'common' })}</dt>
            <dd className="number">{number(count)}</dd>
          </div>
        ))}
      </dl>
      <div className="row">
        <Button type="primary" onClick={() => navigate(`/connectors/${system.name}`)}>{t('open_connector')}</Button>
        <Button onClick={() => navigate(`/messages?source=${system.name}`)}>{t('open_messages')}</Button>
        <Button onClick={() => navigate(`/parked?system=${system.name}`)}>{t('open_parked')}</Button>
      </div>
    </div>
  )
}
