// Which messages that wait are looked at: the address of the page says it, so that it can be sent to somebody.
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import type { Schemas } from '../../api/client'
import { useFormat } from '../../parts/format'
import { useWords } from '../../parts/Said'

export const STATES = ['failed', 'retry', 'waiting', 'due', 'behind'] as const
export const DIRECTIONS = ['inbound', 'outbound'] as const

/** What a filter can be of, as the API names it. */
const NAMES = ['system', 'direction', 'state', 'code', 'entity', 'key', 'reason', 'text', 'since', 'until'] as const
type Name = (typeof NAMES)[number]

export interface Filter extends Partial<Record<Name, string>> {
  direction?: (typeof DIRECTIONS)[number]
  state?: (typeof STATES)[number]
}

/** The filter of the page, and how it is changed; what is left out stays, what is undefined goes. */
export function useFilter() {
  const [params, setParams] = useSearchParams()
  const filter: Filter = {}
  for (const name of NAMES) if (params.get(name)) filter[name] = params.get(name) as never
  // What nothing can be is not asked for.
  if (filter.state && !STATES.includes(filter.state)) delete filter.state
  if (filter.direction && !DIRECTIONS.includes(filter.direction)) delete filter.direction
  const set = (changes: Filter) => {
    const next = new URLSearchParams(params)
    for (const [name, to] of Object.entries(changes)) to ? next.set(name, to) : next.delete(name)
    setParams(next, { replace: true })
  }
  const clear = () => set(Object.fromEntries(NAMES.map((name) => [name, undefined])))
  return { filter, set, clear }
}

/** Whether a filter asks for more than groups are counted by: system, way, state and reason. */
export const asksMore = ({ key, reason, text, entity, since, until }: Filter) => Boolean(key || reason || text || entity || since || until)

/** Whether a group is of what a filter names, as far as groups are told apart. */
export const fits = (group: Schemas['GroupView'], { system, direction, state, code }: Filter) =>
  (!system || group.system === system) && (!direction || group.direction === direction) && (!state || group.state === state) && (!code || group.code === code)

/** A filter in words, each a part of what it asks. */
export function useInWords() {
  const { t } = useTranslation('parked')
  const { time } = useFormat()
  const words = useWords()
  return (filter: Schemas['Selection']) => inWords(t, filter, time, words)
}

function inWords(t: TFunction<'parked'>, filter: Schemas['Selection'], time: (at: string) => string, words: (code: string) => string): string[] {
  const { system, direction, state, code, entity, key, reason, text, since, until } = filter
  const way = direction && t(direction === 'inbound' ? 'from' : 'to', { system: system ?? '…' })
  return [
    way ?? system,
    state && t(`parked_state.${state}`, { ns: 'common' }),
    code && words(code),
    entity && t(`entity.${entity}`, { ns: 'common', defaultValue: entity }),
    key,
    reason && t('says', { text: reason }),
    text && t('holds', { text }),
    since && t('after', { time: time(since) }),
    until && t('before', { time: time(until) }),
  ].filter((word): word is string => Boolean(word))
}
