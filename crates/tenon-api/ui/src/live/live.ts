// What goes on right now: one stream of server-sent events for the whole console, however many
// parts of it look at it. It is open while somebody looks at a page that is shown, and comes back by itself:
// a browser holds only few connections to a hub, and pages that nobody sees would take them all.
import { useSyncExternalStore } from 'react'
import { queries, type Schemas } from '../api/client'
import { SESSION_KEY } from '../session/session'

export type Snapshot = Schemas['Snapshot']

/** What is kept of a moment: rates in all, and from and to each system. */
export interface Moment {
  at: string
  received_per_second: number
  delivered_per_second: number
  systems: Record<string, number[]>
}

export interface Live {
  /** The newest, once there is one. */
  now?: Snapshot
  /** The last minutes, oldest first. */
  past: Moment[]
  /** Whether `now` is new; it is old where the hub tells nothing though the stream is open, and where the stream is lost. */
  news: 'new' | 'old' | 'lost'
}

const KEPT = 180
/** After how long without anything new what is shown is old. The hub tells something every second. */
const OLD = 3_000
const NOTHING: Live = { past: [], news: 'lost' }
let live = NOTHING
let stream: EventSource | undefined
let closing: ReturnType<typeof setTimeout> | undefined
let aging: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

function become(next: Partial<Live>) {
  live = { ...live, ...next }
  listeners.forEach((listener) => listener())
}

/** Something came, or may come from now on. */
function wait() {
  clearTimeout(aging)
  aging = setTimeout(() => become({ news: stream?.readyState === EventSource.OPEN ? 'old' : 'lost' }), OLD)
}

function begin() {
  if (stream || document.hidden) return
  wait()
  stream = new EventSource('/api/v1/live')
  stream.addEventListener('past', (event) => {
    const past = JSON.parse((event as MessageEvent<string>).data) as Moment[]
    wait()
    become({ past })
  })
  stream.addEventListener('now', (event) => {
    const now = JSON.parse((event as MessageEvent<string>).data) as Snapshot
    const rate = (half?: Schemas['Half'] | null) => half?.per_second ?? 0
    const moment: Moment = {
      at: now.at,
      received_per_second: now.received_per_second,
      delivered_per_second: now.delivered_per_second,
      systems: Object.fromEntries(now.systems.map((system) => [system.name, [rate(system.receive), rate(system.deliver)]])),
    }
    wait()
    become({ now, past: [...live.past, moment].slice(-KEPT), news: 'new' })
  })
  stream.onerror = () => {
    become({ news: 'lost' })
    // A browser reconnects by itself after a lost connection, but not after a refusal.
    if (stream?.readyState === EventSource.CLOSED) {
      stream = undefined
      // Perhaps nobody is signed in any more.
      void queries.invalidateQueries({ queryKey: SESSION_KEY })
      closing = setTimeout(() => listeners.size > 0 && begin(), 3_000)
    }
  }
}

function end() {
  clearTimeout(closing)
  clearTimeout(aging)
  stream?.close()
  stream = undefined
  if (listeners.size === 0) live = NOTHING
}

// What a page that was hidden shows stays as it was, and is new a moment after it is shown again, or old.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) end()
  else if (listeners.size > 0) begin()
})

function subscribe(listener: () => void) {
  listeners.add(listener)
  clearTimeout(closing)
  begin()
  return () => {
    listeners.delete(listener)
    // A page that is left for another one keeps the stream.
    if (listeners.size === 0) closing = setTimeout(end, 2_000)
  }
}

export function useLive(): Live {
  return useSyncExternalStore(subscribe, () => live)
}
