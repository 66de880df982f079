import { Alert, Button, Skeleton, Timeline } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { hub } from '../../api/client'
import { Code, ordered, pretty } from '../../parts/Code'
import { Difference } from '../../parts/Difference'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'
import { Correct } from './Correct'

/** One line of what happened to a message; of what the target was given, personal values are hidden. */
interface Event { at: string; what: string; who?: string | null; code?: string | null; detail: string; attempts: number; sent?: string | null }

const COLOURS: Record<string, string> = { failed: 'red', dropped: 'red', corrected: 'green', settled: 'green', redriven: 'blue' }

/** A message that waits: why, what a redrive would do, what happened to it, and what can be done. */
export function One({ id, may, redrive, drop }: { id: number; may: boolean; redrive: (ids: number[]) => Promise<void>; drop: (ids: number[]) => Promise<void> }) {
  const { t } = useTranslation('parked')
  const reveal = useMay('reveal')
  const [correcting, setCorrecting] = useState(false)
  const found = hub.useQuery('get', '/api/v1/parked/{id}', { params: { path: { id } } })
  if (found.error) return <Trouble error={found.error} />
  if (!found.data) return <Skeleton active />
  const one = found.data
  const { result, payloads, reason, difference } = one.dry_run
  // A master record goes out as it is kept: it is changed where it is kept.
  const correctable = may && reveal && (one.direction === 'inbound' || !['customer', 'item'].includes(one.entity))
  if (correcting) return <Correct one={one} done={() => setCorrecting(false)} />
  return (
    <div className="stack">
      <Alert type={one.state === 'failed' ? 'error' : 'warning'} title={<span className="break">{one.reason}</span>} description={<span className="mono">{one.code}</span>} />
      <dl className="facts">
        <dt>{t('record')}</dt>
        <dd><Link className="mono" to={`/trace/${one.message_id}`}>{one.native_id ?? one.message_id}</Link></dd>
        <dt>{t('way')}</dt>
        <dd>{one.direction === 'inbound' ? t('from', { system: one.system }) : `${one.source} → ${one.system}`}</dd>
        <dt>{t('state')}</dt>
        <dd><State state={one.state} label={t(`parked_state.${one.state}`, { ns: 'common' })} /></dd>
        <dt>{t('behind')}</dt>
        <dd><span className="number">{one.behind}</span> {one.behind_since && <span className="quiet small"><When at={one.behind_since} /></span>}</dd>
        <dt>{t('attempts')}</dt>
        <dd className="number">{one.attempts}</dd>
        {one.retry_at && (<><dt>{t('retry_at')}</dt><dd><When at={one.retry_at} /></dd></>)}
      </dl>
      {one.code === 'item.doubtful' && <Link to="/items">{t('decide_item')}</Link>}
      {may && (
        <div className="row">
          <Button type="primary" onClick={() => void redrive([id])}>{t('redrive')}</Button>
          {correctable && <Button onClick={() => setCorrecting(true)}>{t('correct')}</Button>}
          <Button danger onClick={() => void drop([id])}>{t('drop')}</Button>
        </div>
      )}
      <section className="stack" style={{ gap: 8 }}>
        <h3 className="section">{t('dry_run')}</h3>
        <Alert
          type={result === 'sends' ? 'success' : result === 'fails' ? 'error' : 'info'}
          title={t(`dry.${result}`)}
          description={reason && reason !== one.reason ? <span className="break">{reason}</span> : undefined}
        />
        {difference ? (
          <>
            <p className="quiet small">{t('since_last')}</p>
            <Difference text={difference} label={t('since_last')} />
          </>
        ) : difference === '' ? <p className="quiet small">{t('same_as_last')}</p> : null}
        {payloads.map((payload, at) => (
          <Code key={at} label={t('dry_run')} text={pretty(ordered(payload))} before={pretty(ordered(one.body))} />
        ))}
        {!payloads.length && <Code label={t('body')} text={pretty(one.body)} language={typeof one.body === 'string' ? 'plain' : 'json'} />}
      </section>
      <section className="stack" style={{ gap: 12 }}>
        <h3 className="section">{t('history')}</h3>
        <History events={one.history as unknown as Event[]} />
      </section>
    </div>
  )
}

/** Every attempt with the target's answer, and what people did about it, the latest first. */
function History({ events }: { events: Event[] }) {
  const { t } = useTranslation('parked')
  const [open, setOpen] = useState<number>()
  if (!events.length) return <p className="quiet">{t('no_history')}</p>
  return (
    <Timeline
      items={[...events].reverse().map((event, at) => ({
        key: at,
        color: COLOURS[event.what] ?? 'gray',
        content: (
          <div className="small">
            <b>{t([`event.${event.what}`, 'event.other'], { what: event.what })}</b>{' '}
            {event.who && <span>{t('by', { who: event.who })} </span>}
            <span className="quiet"><When at={event.at} exact /></span>
            {event.attempts > 0 && <span className="quiet"> · {t('attempt', { count: event.attempts })}</span>}
            {event.detail && <div className="break">{event.detail}</div>}
            {event.sent && (
              <>
                <button type="button" className="linkish" aria-expanded={open === at} onClick={() => setOpen(open === at ? undefined : at)}>{t('was_given')}</button>
                {open === at && <Code label={t('was_given')} text={event.sent} language="plain" height="160px" />}
              </>
            )}
          </div>
        ),
      }))}
    />
  )
}
