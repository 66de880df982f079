import { expect, test } from 'vitest'
import { makeFormat } from './format'

const en = makeFormat('en')
const zh = makeFormat('zh')

test('durations use the unit in which they are small', () => {
  expect(en.duration(0.4)).toBe('0 ms')
  expect(en.duration(4_379)).toBe('4.4 secs')
  expect(en.duration(90_000)).toBe('1.5 mins')
  expect(zh.duration(4_379)).toBe('4.4秒')
})

test('large numbers are short, small ones exact', () => {
  expect(en.short(9_999)).toBe('9,999')
  expect(en.short(21_358)).toBe('21.4k')
  expect(zh.short(21_358)).toBe('2.1万')
})

test('how long ago is said in words of the language', () => {
  const now = Date.parse('2026-11-26T16:00:00Z')
  expect(en.ago('2026-11-26T15:57:00Z', now)).toBe('3 min ago')
  expect(zh.ago('2026-11-26T15:57:00Z', now)).toBe('3分钟前')
  expect(en.ago('2026-11-25T16:00:00Z', now)).toBe('yesterday')
})
