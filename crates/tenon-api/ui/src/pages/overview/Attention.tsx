import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { hub, type Schemas } from '../../api/client'
import { useLive } from '../../live/live'
import { useFormat } from '../../parts/format'
import { State } from '../../parts/State'
import { useSession } from '../../session/session'

interface Point { state: string; label: string; about?: string; count: string; to: string }

/** Most of a kind that are counted. */
const MOST = 100
/** What turns slowly is asked again as seldom as the hub makes it anew. */
const SELDOM = { retry: false, staleTime: 60_000, refetchInterval: 60_000 } as const

const RANK = ['failed', 'retry', 'waiting', 'due', 'behind']

/** What is decided on a page of its own. */
const DOUBTFUL = 'item.doubtful'

/** What waits in the systems' lanes, worst first. */
function useParked(groups: Schemas['GroupView'][]): Point[] {
  const { t } = useTranslation()
  const { number } = useFormat()
  const counts = new Map<string, number>()
  for (const { system, state, code, count } of groups) {
    const key = `${state} ${system}`
    if (code !== DOUBTFUL) counts.set(key, (counts.get(key) ?? 0) + count)
  }
  return [...counts]
    .map(([key, count]) => ({ state: key.split(' ')[0]!, system: key.split(' ')[1]!, count }))
    .sort((a, b) => RANK.indexOf(a.state) - RANK.indexOf(b.state) || b.count - a.count)
    .map(({ system, state, count }) => ({
      state, label: t(`parked_state.${state}`), about: system, count: number(count), to: `/parked?system=${system}&state=${state}`,
    }))
}

/** What stands in the broker because nothing can be read of it: nobody can say of which system it is. */
function useDead(): Point[] {
  const { t } = useTranslation('overview')
  const { number } = useFormat()
  const { systems } = useSession()
  const dead = useLive().now?.dead
  return dead && !systems?.length ? [{ state: 'failed', label: t('asks.dead'), count: number(dead), to: '/dead-letters' }] : []
}

/** What people are asked to decide, or will want to know; nothing of figures before there are any. */
function useDecisions(groups: Schemas['GroupView'][]): Point[] {
  const { t } = useTranslation('overview')
  const { number } = useFormat()
  const figures = hub.useQuery('get', '/api/v1/insight', {}, SELDOM)
  const made = { ...SELDOM, enabled: figures.data?.some(({ live }) => live) ?? false }
  const reviews = hub.useQuery('get', '/api/v1/reviews', { params: { query: { state: 'open', limit: MOST } } }, SELDOM)
  const grades = hub.useQuery('get', '/api/v1/insight/grades', { params: { query: { limit: MOST } } }, made)
  const cover = hub.useQuery('get', '/api/v1/insight/cover', { params: { query: { risk: true, limit: 1 } } }, made)
  const orders = hub.useQuery('get', '/api/v1/insight/exceptions', {}, made)
  const overdue = (orders.data ?? []).flatMap((row) => row.matters).filter(({ matter }) => matter === 'overdue')
  const doubtful = groups.filter(({ code }) => code === DOUBTFUL)
  const listed = ({ length } = { length: 0 }) => (length < MOST ? number(length) : `${number(MOST)}+`)
  const points: [string, string, string, string][] = [
    ['overdue', 'failed', number(overdue.reduce((sum, { orders }) => sum + orders, 0)), '/reconciliation?matter=overdue'],
    ['risk', 'retry', number(cover.data?.total ?? 0), '/cover?standing=risk'],
    ['reviews', 'open', listed(reviews.data?.items), '/reviews'],
    ['items', 'open', number(doubtful.reduce((sum, { count }) => sum + count, 0)), '/items'],
    ['grades', 'open', listed(grades.data?.items), '/grades'],
  ]
  return points
    .filter(([, , count]) => count !== number(0))
    .map(([kind, state, count, to]) => ({ state, label: t(`asks.${kind}`), count, to }))
}

/** What somebody should look at. */
export function Attention() {
  const { t } = useTranslation('overview')
  const found = hub.useQuery('get', '/api/v1/parked/groups', {}, { refetchInterval: 10_000 })
  const groups = found.data ?? []
  const points = [...useDead(), ...useParked(groups), ...useDecisions(groups)]
  if (!points.length) return <p className="quiet">{t('all_well')}</p>
  return (
    <ul className="plain-list">
      {points.map(({ state, label, about, count, to }) => (
        <li key={to}>
          <State state={state} label={label} />
          <span className="grow quiet">{about}</span>
          <Link className="number" to={to} aria-label={[label, about, count].filter(Boolean).join(' ')}>{count}</Link>
        </li>
      ))}
    </ul>
  )
}
