import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { beforeEach, expect, test } from 'vitest'
import { useChosen } from './chosen'

let seen: ReturnType<typeof useChosen<{ id: number }>>
function Seen({ ids }: { ids: number[] }) {
  seen = useChosen(ids.map((id) => ({ id })))
  return null
}

let root: ReturnType<typeof createRoot>
const wait = (...ids: number[]) => act(async () => root.render(<Seen ids={ids} />))

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
  root = createRoot(document.createElement('div'))
})

test('what is looked at stays so while others come and go', async () => {
  await wait()
  expect(seen.chosen).toBeUndefined()
  await wait(4, 5, 6, 7)
  expect(seen.chosen?.id).toBe(4)
  await act(async () => seen.choose(2))
  expect(seen.chosen?.id).toBe(6)
  await wait(6, 7)
  expect([seen.chosen?.id, seen.at]).toEqual([6, 0])
  // What was decided before waits again.
  await wait(3, 4, 6, 7, 8)
  expect([seen.chosen?.id, seen.at]).toEqual([6, 2])
})

test('when it is gone the next one is looked at, and stays so', async () => {
  await wait(4, 5, 6, 7)
  await act(async () => seen.choose(1))
  await wait(7, 8)
  expect(seen.chosen?.id).toBe(7)
  await wait(5, 7, 8)
  expect(seen.chosen?.id).toBe(7)
  await act(async () => seen.show(5))
  expect(seen.chosen?.id).toBe(5)
  await act(async () => seen.choose(9))
  expect(seen.chosen?.id).toBe(8)
  // Behind the last one is none.
  await wait(5, 7)
  expect(seen.chosen?.id).toBe(7)
})
