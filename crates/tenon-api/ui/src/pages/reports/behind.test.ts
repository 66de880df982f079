import { expect, test } from 'vitest'
import { behind, behindMeasure, monthsOf } from './behind'
import type { Report } from './report'

const asked = { from: '2026-02', to: '2026-11', level: 2, by: 'industry' }

/** Where the cells of one row lead. */
function check(name: string, cells: Record<string, unknown>, expected: Record<string, string>, more: object = {}) {
  const report = { columns: Object.keys(cells).map((key) => ({ key, kind: 'text' })), rows: [], made_at: '' } as unknown as Report
  expect(behind(name, report, Object.values(cells), { ...asked, ...more })).toEqual(expected)
}

test('a row leads to those that it counts', () => {
  check('months', { month: '2026-03', currency: 'CNY' }, { customers: '/customers?from=2026-03&to=2026-03&currency=CNY' })
  check('segments', { segment: 'retail/online', currency: 'EUR' }, { customers: '/customers?industry=retail%2Fonline&level=2&from=2026-02&to=2026-11&currency=EUR' })
  check('segments', { segment: null, currency: 'CNY' }, { customers: '/customers?owner=none&from=2026-02&to=2026-11&currency=CNY' }, { by: 'owner' })
  check('cohorts', { source: 'platform/jd', cohort: '2026-Q4', currency: 'CNY' }, { customers: '/customers?source=platform%2Fjd&level=2&first_from=2026-10&first_to=2026-11&currency=CNY' })
  check('new_customers', { month: '2026-02', owner: '王敏', source: null }, { customers: `/customers?owner=${encodeURIComponent('王敏')}&source=none&level=2&known_from=2026-02-01&known_to=2026-02-28` })
  check('grades', { grade: 'diamond' }, { customers: '/customers?grade=diamond' })
  check('products', { item: 'SH-1', currency: 'CNY' }, { amount: '/customers?item=SH-1&from=2026-02&to=2026-11&currency=CNY' })
  check('products', { item: 'SH-1', currency: 'CNY' }, {}, { customer: 'K-1' })
  check('hints', { item: 'SH-1' }, {})
  const funnel = '/reports?report=funnel&from=2026-02&to=2026-11&stage=quoted'
  check('funnel', { stage: 'quoted' }, { standing: funnel, reached: `${funnel}&reached=true`, open: `${funnel}&outcome=open`, won: `${funnel}&outcome=won`, lost: `${funnel}&outcome=lost` })
})

test('a period has the months that were asked for', () => {
  expect(monthsOf('2026-03', asked)).toEqual(['2026-03', '2026-03'])
  expect(monthsOf('2026-Q1', asked)).toEqual(['2026-02', '2026-03'])
  expect(monthsOf('2026', asked)).toEqual(['2026-02', '2026-11'])
})

test('a measure leads to those that it counts', () => {
  expect(behindMeasure('new_customers', 'CNY', asked)).toBe('/customers?known_from=2026-02-01&known_to=2026-11-30')
  expect(behindMeasure('sales', 'CNY', asked)).toBe('/customers?from=2026-02&to=2026-11&currency=CNY')
  expect(behindMeasure('retention', undefined, asked)).toBeUndefined()
})
