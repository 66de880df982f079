import { expect, test } from 'vitest'
import { askedOf, isPersonal, PINNABLE, stated } from './schema'

test('a field is asked as its schema has it', () => {
  expect(askedOf('grade')).toEqual({ kind: 'choice', choices: ['diamond', 'strategic', 'potential', 'ordinary', 'problem'] })
  expect(askedOf('priority')).toEqual({ kind: 'number', min: 1, max: 9 })
  expect(askedOf('legal_name')).toMatchObject({ kind: 'text', longest: 200 })
  expect(askedOf('phones')).toEqual({ kind: 'texts' })
  expect(askedOf('addresses')).toMatchObject({ kind: 'records', of: { kind: 'record' } })
  expect(askedOf('bank_account')).toMatchObject({ kind: 'record', required: ['number'] })
  expect(PINNABLE).not.toContain('code')
})

test('what is masked is no value to begin with', () => {
  expect(['phones', 'emails', 'contacts', 'bank_account', 'legal_name', 'owner'].map(isPersonal)).toEqual([true, true, true, true, false, false])
})

test('blanks are left out of what is set', () => {
  expect(stated(' 川可 ')).toBe('川可')
  expect(stated([{ name: '陈晨', role: ' ' }, { name: '' }])).toEqual([{ name: '陈晨' }])
  expect([stated(''), stated([]), stated({ city: ' ' }), stated(null), stated(0)]).toEqual([undefined, undefined, undefined, undefined, 0])
})
