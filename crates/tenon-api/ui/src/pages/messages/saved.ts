// Searches that a person keeps, in this browser.
export interface SavedSearch {
  name: string
  query: string
}

const KEPT_AS = 'tenon.searches'
const MOST = 20

function all(): SavedSearch[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? '[]')
    return Array.isArray(kept) ? kept.filter((one) => typeof one?.name === 'string' && typeof one?.query === 'string') : []
  } catch {
    return []
  }
}

function keep(searches: SavedSearch[]): SavedSearch[] {
  localStorage.setItem(KEPT_AS, JSON.stringify(searches))
  return searches
}

export const savedSearches = {
  all,
  /** Puts a search first; one with the same question is replaced. */
  add: (search: SavedSearch) => keep([search, ...all().filter(({ query }) => query !== search.query)].slice(0, MOST)),
  forget: () => keep([]),
}
