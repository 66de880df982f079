import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.resetModules()
})

test('what a page asks for by itself says so once nobody has touched it for a minute', async () => {
  vi.useFakeTimers()
  const asked: (string | null)[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(request.headers.get('X-Tenon-Idle'))
    return Response.json([])
  })
  const { api } = await import('./client')
  const ask = () => api.GET('/api/v1/insight')
  await ask()
  vi.advanceTimersByTime(61_000)
  await ask()
  for (const touch of ['pointerdown', 'pointermove', 'keydown', 'wheel']) {
    document.body.dispatchEvent(new Event(touch))
    await ask()
    vi.advanceTimersByTime(61_000)
    await ask()
  }
  expect(asked).toEqual([null, '1', null, '1', null, '1', null, '1', null, '1'])
})
