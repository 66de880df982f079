import { expect, test } from 'vitest'
import { difference, line } from './values'

test('what holds nothing is left out', () => {
  expect(line([{ city: '上海', street: null }, {}, null])).toBe('上海')
})

test('lists stand beside each other', () => {
  expect(line(['1', '2'])).toBe('1 · 2')
})

test('lists differ element by element, other values as a whole', () => {
  expect(difference(['1', '2'], ['2', '3'])).toEqual({ gone: ['1'], come: ['3'] })
  expect(difference('川可', '川可商贸')).toEqual({ gone: ['川可'], come: ['川可商贸'] })
  expect(difference(undefined, { days: 30, limit: null })).toEqual({ gone: [], come: ['30'] })
  // Two masks look alike.
  expect(difference(['•••'], ['•••'])).toEqual({ gone: [], come: [] })
})
