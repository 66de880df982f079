import { beforeEach, expect, test } from 'vitest'
import { savedSearches } from './saved'

beforeEach(() => localStorage.clear())

test('a search is kept once, the newest first', () => {
  savedSearches.add({ name: 'crm', query: 'source=crm' })
  savedSearches.add({ name: 'erp', query: 'source=erp' })
  savedSearches.add({ name: 'crm again', query: 'source=crm' })
  expect(savedSearches.all().map(({ name }) => name)).toEqual(['crm again', 'erp'])
})

test('what others wrote into the browser does no harm', () => {
  localStorage.setItem('tenon.searches', '{broken')
  expect(savedSearches.all()).toEqual([])
  localStorage.setItem('tenon.searches', '[1, {"name": "x"}, {"name": "y", "query": "z"}]')
  expect(savedSearches.all()).toEqual([{ name: 'y', query: 'z' }])
})
