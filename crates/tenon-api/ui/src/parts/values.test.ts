import { expect, test } from 'vitest'
import { fields, line } from './values'

test('what holds nothing is left out', () => {
  expect(fields({ legal_name: '川可', tax_id: null, phones: [], addresses: [{ city: '上海', street: null }] })).toEqual([
    ['legal_name', '川可'],
    ['addresses', '上海'],
  ])
})

test('lists stand beside each other', () => {
  expect(line(['1', '2'])).toBe('1 · 2')
})
