import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Schemas } from '../api/client'
import { useFormat } from './format'
import { Reason } from './Said'
import { State, toneOf, type Tone } from './State'
import { When } from './When'

type Side = 'receive' | 'deliver'

/** How half of a connector is to be seen: what fails is red whatever it is called, a person's pause is not. */
export function toneOfHalf(half: Schemas['Half'], failed = 0): Tone {
  if (half.failing) return 'bad'
  return failed > 0 && half.state !== 'paused' ? 'wait' : toneOf(half.state)
}

export function HalfState({ half }: { half: Schemas['Half'] }) {
  const { t } = useTranslation('flow')
  // Its configuration does not hold: nobody has paused it, and it does not go on by itself.
  const label = half.state === 'paused' && half.failing ? t('stopped') : undefined
  return <State state={half.state} tone={toneOfHalf(half)} title={half.reason ?? undefined} label={label} />
}

/** Where the messages of one half are, and those of them that wait. */
export function linksOf(system: string, side: Side) {
  return { messages: `/messages?${side === 'receive' ? 'source' : 'target'}=${system}`, parked: `/parked?system=${system}` }
}

/** What one wants to know of half of a connector: how fast, when it last went well, what last went wrong. */
export function HalfFacts({ half, system, side, queued, lag, waiting, failed }: {
  half: Schemas['Half']
  system: string
  side: Side
  queued?: number | null
  lag?: number | null
  /** Parked, in all. */
  waiting?: number
  /** Of these, the ones that wait for a person. */
  failed?: number
}) {
  const { t } = useTranslation('flow')
  const { number, duration } = useFormat()
  const { messages, parked } = linksOf(system, side)
  return (
    <div className="stack" style={{ gap: 8 }}>
      {half.reason && <Alert type={half.failing ? 'error' : 'info'} showIcon title={<Reason code={half.last_error?.reason === half.reason ? half.last_error.code : ''} text={half.reason} />} />}
      <dl className="facts">
        {half.node && <><dt>{t('node')}</dt><dd className="break">{half.node}</dd></>}
        <dt>{t('rate')}</dt>
        <dd className="number">{half.per_second == null ? '–' : `${number(half.per_second)}/s`}</dd>
        <dt>{t('since_start')}</dt>
        <dd className="number"><Link to={messages}>{number(half.messages)}</Link></dd>
        <dt>{t('last_success')}</dt>
        <dd><When at={half.last_success} /></dd>
        {side === 'deliver' && (
          <>
            <dt>{t('queue')}</dt>
            <dd className="number">{queued == null ? '–' : number(queued)}</dd>
            <dt>{t('lag')}</dt>
            <dd className="number">{lag == null ? '–' : duration(lag)}</dd>
          </>
        )}
        <dt>{t('waits')}</dt>
        <dd className="number row">
          {waiting == null ? '–' : waiting > 0 ? <Link to={parked}>{number(waiting)}</Link> : number(0)}
          {failed ? <span className="bad">{t('failed', { number: number(failed) })}</span> : null}
        </dd>
        <dt>{t('last_error')}</dt>
        <dd>{half.last_error ? <><When at={half.last_error.at} /> <Reason code={half.last_error.code} text={half.last_error.reason} /></> : <span className="quiet">{t('no_error')}</span>}</dd>
      </dl>
    </div>
  )
}

/** What waits on each side of a system. What came from it waits only because it is invalid. */
export function waitingOf(system?: Schemas['SystemNow']) {
  if (!system) return { receive: undefined, deliver: undefined, failed: undefined }
  const all = Object.values(system.parked).reduce((sum, count) => sum + count, 0)
  return { receive: system.invalid, deliver: all - system.invalid, failed: (system.parked.failed ?? 0) - system.invalid }
}
