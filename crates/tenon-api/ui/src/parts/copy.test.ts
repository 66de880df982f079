import { afterEach, expect, test, vi } from 'vitest'
import { copied } from './copy'

afterEach(() => {
  vi.unstubAllGlobals()
  Reflect.deleteProperty(document, 'execCommand')
})

const clipboard = (writeText?: () => Promise<void>) => vi.stubGlobal('navigator', { clipboard: writeText && { writeText } })

test('where there is a clipboard, it is written to', async () => {
  const write = vi.fn(async () => undefined)
  clipboard(write)
  expect(await copied('SO-1')).toBe(true)
  expect(write).toHaveBeenCalledWith('SO-1')
})

test('over plain HTTP the selection is copied, and nothing of it stays', async () => {
  clipboard()
  const selected: string[] = []
  Object.assign(document, { execCommand: () => selected.push(document.querySelector('textarea')!.value) > 0 })
  expect(await copied('SO-1')).toBe(true)
  expect(selected).toEqual(['SO-1'])
  expect(document.querySelector('textarea')).toBeNull()
})

test('what a browser forbids is not claimed', async () => {
  clipboard(async () => {
    throw new Error('denied')
  })
  expect(await copied('SO-1')).toBe(false)
  Object.assign(document, { execCommand: () => false })
  expect(await copied('SO-1')).toBe(false)
})
