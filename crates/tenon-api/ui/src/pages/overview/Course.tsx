import { Segmented, Skeleton } from 'antd'
import { useState, type PointerEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { hub, type Schemas } from '../../api/client'
import { useFormat } from '../../parts/format'
import { Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'

type Stretch = Schemas['StretchView']

const HEIGHT = 120
/** So often is asked anew, by how far back is looked. */
const EVERY = { 1: 5_000, 24: 60_000, 168: 300_000 } as const
type Hours = keyof typeof EVERY

const useCourse = (hours: Hours, enabled = true) =>
  hub.useQuery('get', '/api/v1/summary/course', { params: { query: { hours } } }, { enabled, refetchInterval: EVERY[hours], placeholderData: (before) => before })

/** How much was carried when: what came in as bars, what of it was invalid in red, what the systems were given as a line. */
export function Course() {
  const { t } = useTranslation('overview')
  const [chosen, choose] = useState<Hours>()
  // A hub that began within the hour has no day to show yet.
  const day = useCourse(24, !chosen)
  const fresh = day.data?.stretches.slice(0, -6).every(({ received }) => !received)
  const hours = chosen ?? (fresh ? 1 : 24)
  const course = useCourse(hours)
  const choice = (
    <Segmented
      size="small"
      aria-label={t('course.range')}
      value={hours}
      onChange={choose}
      options={([1, 24, 168] as const).map((value) => ({ value, label: t(`course.hours.${value}`) }))}
    />
  )
  return (
    <Panel title={t('course.title')} tools={choice}>
      {course.error ? <Trouble error={course.error} again={() => course.refetch()} /> : course.data ? <Drawn seconds={course.data.seconds} stretches={course.data.stretches} /> : <Skeleton active title={false} />}
    </Panel>
  )
}

function Drawn({ seconds, stretches }: { seconds: number; stretches: Stretch[] }) {
  const { t } = useTranslation('overview')
  const { number, short, minute } = useFormat()
  const navigate = useNavigate()
  const [pointed, setPointed] = useState<number>()
  const most = Math.max(1, ...stretches.map(({ received, settled }) => Math.max(received, settled)))
  const sum = (of: 'received' | 'settled' | 'invalid') => stretches.reduce((total, stretch) => total + stretch[of], 0)
  const high = (count: number) => (count / most) * HEIGHT
  const end = ({ at }: Stretch) => new Date(Date.parse(at) + seconds * 1_000).toISOString()
  const one = pointed == null ? undefined : stretches[pointed]
  const said = one ?? { received: sum('received'), settled: sum('settled'), invalid: sum('invalid') }
  const when = one ? `${minute(one.at)} – ${minute(end(one))}` : t('course.all')
  const place = (event: PointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    return Math.min(stretches.length - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * stretches.length)))
  }
  return (
    <div className="course">
      <p className="row small">
        <span className="number strong">{when}</span>
        <span><i className="key good" /> {t('course.received')} <b className="number">{number(said.received)}</b></span>
        <span><i className="key line info" /> {t('course.settled')} <b className="number">{number(said.settled)}</b></span>
        <span><i className="key bad" /> {t('course.invalid')} <b className="number">{number(said.invalid)}</b></span>
      </p>
      <div className="course-plot">
        <span className="course-most quiet small number" aria-hidden="true">{short(most)}</span>
        <svg
          viewBox={`0 0 ${stretches.length} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={t('course.text', { received: number(sum('received')), settled: number(sum('settled')), invalid: number(sum('invalid')) })}
          onPointerMove={(event) => setPointed(place(event))}
          onPointerLeave={() => setPointed(undefined)}
          onClick={() => one && navigate(`/messages?${new URLSearchParams({ since: one.at, until: end(one) })}`)}
        >
          {one && <rect className="course-pointed" x={pointed} y={0} width={1} height={HEIGHT} />}
          {stretches.map(({ at, received, invalid }, x) => received > 0 && (
            <g key={at}>
              <rect className="good" x={x + 0.12} width={0.76} y={HEIGHT - high(received)} height={high(received)} />
              {invalid > 0 && <rect className="bad" x={x + 0.12} width={0.76} y={HEIGHT - Math.max(2, high(invalid))} height={Math.max(2, high(invalid))} />}
            </g>
          ))}
          <polyline className="info" points={stretches.map(({ settled }, x) => `${x + 0.5},${HEIGHT - high(settled)}`).join(' ')} />
        </svg>
      </div>
      <p className="course-times quiet small number" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75].map((part) => <span key={part}>{minute(stretches[Math.floor(part * stretches.length)]!.at)}</span>)}
        <span>{t('course.now')}</span>
      </p>
    </div>
  )
}
