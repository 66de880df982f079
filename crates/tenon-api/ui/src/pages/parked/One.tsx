import { Alert, Button, Skeleton } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { hub } from '../../api/client'
import { Code, ordered, pretty } from '../../parts/Code'
import { Difference } from '../../parts/Difference'
import { History } from '../../parts/History'
import { useWords } from '../../parts/Said'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'
import { Correct } from './Correct'

/** A message that waits: why, what a redrive would do, what happened to it, and what can be done. */
export function One({ id, may, redrive, drop }: { id: number; may: boolean; redrive: (ids: number[]) => Promise<void>; drop: (ids: number[]) => Promise<void> }) {
  const { t } = useTranslation('parked')
  const reveal = useMay('reveal')
  const words = useWords()
  const [correcting, setCorrecting] = useState(false)
  const found = hub.useQuery('get', '/api/v1/parked/{id}', { params: { path: { id } } }, { refetchInterval: correcting ? false : 5_000 })
  if (found.error) return <Trouble error={found.error} />
  if (!found.data) return <Skeleton active />
  const one = found.data
  const { result, payloads, reason, difference } = one.dry_run
  // A master record goes out as it is kept: it is changed where it is kept.
  const correctable = may && reveal && (one.direction === 'inbound' || !['customer', 'item'].includes(one.entity))
  if (correcting) return <Correct one={one} done={() => setCorrecting(false)} />
  return (
    <div className="stack">
      <Alert type={one.state === 'failed' ? 'error' : 'warning'} title={words(one.code)} description={<><div className="break">{one.reason}</div><span className="mono small">{one.code}</span></>} />
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
        <History events={one.history} />
      </section>
    </div>
  )
}
