import { expect, test } from 'vitest'
import { money, sum } from './money'

test('digits of an amount are never rounded', () => {
  expect(money('9007199254740993.1')).toBe('9,007,199,254,740,993.10')
  expect(money('0')).toBe('0.00')
})

test('amounts are added up exactly', () => {
  expect(sum([])).toBe('0')
  expect(sum(['0.1', '0.2'])).toBe('0.3')
  expect(sum(['9007199254740993', '0.0001'])).toBe('9007199254740993.0001')
  expect(sum(['-0.05', '0.01'])).toBe('-0.04')
  expect(sum(['-3', '5.50'])).toBe('2.50')
})
