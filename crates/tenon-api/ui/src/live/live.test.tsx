import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useLive, type Live } from './live'

/** A stream whose server is the test. */
class Stream extends EventTarget {
  static readonly OPEN = 1
  static readonly CLOSED = 2
  static streams: Stream[] = []
  readyState = Stream.OPEN
  onerror?: () => void
  constructor() {
    super()
    Stream.streams.push(this)
  }
  close() {
    this.readyState = Stream.CLOSED
  }
}

const now = () => JSON.stringify({ at: '2026-03-01T00:00:00Z', received_per_second: 3, delivered_per_second: 3, systems: [] })
const newest = () => Stream.streams.at(-1)!
const tell = (event: string, data: string) => act(async () => newest().dispatchEvent(new MessageEvent(event, { data })))
const pass = (ms: number) => act(async () => vi.advanceTimersByTime(ms))
const show = (hidden: boolean) =>
  act(async () => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: hidden })
    document.dispatchEvent(new Event('visibilitychange'))
  })

let live: Live
let root: ReturnType<typeof createRoot>
function Watch() {
  live = useLive()
  return null
}

beforeEach(async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', Stream)
  root = createRoot(document.createElement('div'))
  await act(async () => root.render(<Watch />))
  await tell('past', '[]')
  await tell('now', now())
})

afterEach(async () => {
  await act(async () => root.unmount())
  await pass(2_000)
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('what is shown is old when nothing came for three seconds, and new with the next that comes', async () => {
  expect(live.news).toBe('new')
  await pass(2_000)
  await tell('now', now())
  await pass(2_900)
  expect(live.news).toBe('new')
  await pass(200)
  expect([live.news, live.now?.received_per_second]).toEqual(['old', 3])
  await tell('now', now())
  expect(live.news).toBe('new')
})

test('a page that is hidden holds no stream, and shows nothing as broken when it is shown again', async () => {
  const opened = Stream.streams.length
  await show(true)
  expect(newest().readyState).toBe(Stream.CLOSED)
  await pass(60_000)
  expect([Stream.streams.length, live.news]).toEqual([opened, 'new'])
  await show(false)
  expect([Stream.streams.length, newest().readyState, live.news]).toEqual([opened + 1, Stream.OPEN, 'new'])
  await pass(1_000)
  await tell('past', '[]')
  await tell('now', now())
  await pass(1_000)
  expect(live.news).toBe('new')
  // Where nothing comes after all, that is said.
  await pass(2_100)
  expect(live.news).toBe('old')
})
