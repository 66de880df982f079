// Which customers are listed: what the address says, as the hub is asked.

/** What customers are said to be. */
export const DIMENSIONS = ['grade', 'industry', 'source', 'owner', 'stage', 'kind'] as const
/** What reports lead here by, and nobody chooses here. */
const LED = ['level', 'known_from', 'known_to', 'first_from', 'first_to', 'from', 'to', 'currency', 'item'] as const
const ASKED = [...DIMENSIONS, ...LED, 'last_from', 'last_to', 'sort'] as const

/** What is said of those of whom nothing is said. */
export const NONE = 'none'

export type Filter = Partial<Record<(typeof ASKED)[number], string>>

/** What an address asks for. */
export function askedOf(params: URLSearchParams): Filter & { q?: string } {
  const asked = [...ASKED, 'q' as const].flatMap((name) => (params.get(name) ? [[name, params.get(name)!]] : []))
  return Object.fromEntries(asked)
}

/** The address of the customers that fit. */
export const listOf = (filter: Filter) => `/customers?${new URLSearchParams(filter as Record<string, string>)}`

/** What is asked of months and days, each as one: it is taken back as one. */
export const SPANS: Record<string, (keyof Filter)[]> = {
  item: ['item', 'from', 'to', 'currency'],
  bought: ['from', 'to', 'currency'],
  first: ['first_from', 'first_to', 'currency'],
  known: ['known_from', 'known_to'],
}

/** The spans that a filter has. */
export function spansOf(filter: Filter): string[] {
  return Object.keys(SPANS).filter((span) => (span === 'bought' ? filter.from && !filter.item : span === 'item' ? filter.item : filter[`${span}_from` as keyof Filter]))
}

/** From and to, or the one where both are the same. */
export const ranged = (from?: string, to?: string) => (from === to || !to ? (from ?? '') : `${from ?? ''} – ${to}`)
