// What goes on right now: one stream of server-sent events for the whole console, however many
// parts of it look at it. It is open while somebody looks, and comes back by itself.
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
  /** Whether the stream is open; if not, `now` is old. */
  open: boolean
}

const KEPT = 180
let live: Live = { past: [], open: false }
let stream: EventSource | undefined
let closing: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

function become(next: Partial<Live>) {
  live = { ...live, ...next }
  listeners.forEach((listener) => listener())
}

function begin() {
  stream = new EventSource('/api/v1/live')
  stream.addEventListener('past', (event) => {
    const past = JSON.parse((event as MessageEvent<string>).data) as Moment[]
    become({ past, open: true })
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
    become({ now, past: [...live.past, moment].slice(-KEPT), open: true })
  })
  stream.onerror = () => {
    become({ open: false })
    // A browser reconnects by itself after a lost connection, but not after a refusal.
    if (stream?.readyState === EventSource.CLOSED) {
      stream = undefined
      // Perhaps nobody is signed in any more.
      void queries.invalidateQueries({ queryKey: SESSION_KEY })
      closing = setTimeout(() => listeners.size > 0 && begin(), 3_000)
    }
  }
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  clearTimeout(closing)
  if (!stream) begin()
  return () => {
    listeners.delete(listener)
    // A page that is left for another one keeps the stream.
    if (listeners.size === 0) {
      closing = setTimeout(() => {
        stream?.close()
        stream = undefined
        live = { past: [], open: false }
      }, 2_000)
    }
  }
}

export function useLive(): Live {
  return useSyncExternalStore(subscribe, () => live)
}
