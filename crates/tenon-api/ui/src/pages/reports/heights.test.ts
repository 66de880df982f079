import { expect, test } from 'vitest'
import { DRAWN, heightsOf, measuresOf } from './heights'
import type { Report } from './report'

const KINDS: Record<string, string> = { customers: 'whole', orders: 'whole', invoiced: 'amount', margin: 'amount', margin_share: 'share' }
const report = (columns: string[], ...rows: unknown[][]) =>
  ({ columns: columns.map((key) => ({ key, kind: KINDS[key] ?? 'text' })), rows, made_at: '' }) as unknown as Report

test('months are drawn by what is chosen, in one currency, and one without anything is nothing', () => {
  const months = report(['month', 'currency', 'orders', 'invoiced'], ['2025-11', 'CNY', 3, '30.50'], ['2025-11', 'USD', 9, '1'], ['2026-02', 'CNY', 1, '10'])
  expect(measuresOf(months).map(({ key }) => key)).toEqual(['orders', 'invoiced'])
  expect(heightsOf(months, DRAWN.months!, 'invoiced', 'CNY')).toEqual({
    labels: ['2025-11', '2025-12', '2026-01', '2026-02'],
    series: [{ name: null, heights: [30.5, 0, 0, 10] }],
  })
  expect(heightsOf(months, DRAWN.months!, 'orders', 'USD')).toEqual({ labels: ['2025-11'], series: [{ name: null, heights: [9] }] })
})

test('segments come with the highest first; what is not known of one is not nothing', () => {
  const segments = report(['segment', 'currency', 'invoiced', 'margin'], ['fair', 'CNY', '90', '1'], [null, 'CNY', '50', null], ['shop', 'CNY', '10', '7'])
  expect(heightsOf(segments, DRAWN.segments!, 'margin', 'CNY')).toEqual({
    labels: ['shop', 'fair', null],
    series: [{ name: null, heights: [7, 1, null] }],
  })
})

test('new customers are told apart by owner, those of the fewest together', () => {
  const columns = ['month', 'owner', 'source', 'customers']
  const few = report(columns, ['2026-01', 'Li', 'fair', 2], ['2026-01', 'Li', 'shop', 3], ['2026-03', null, null, 1])
  expect(heightsOf(few, DRAWN.new_customers!, 'customers')).toEqual({
    labels: ['2026-01', '2026-02', '2026-03'],
    series: [{ name: 'Li', heights: [5, 0, 0] }, { name: null, heights: [0, 0, 1] }],
  })
  const many = report(columns, ...Array.from({ length: 10 }, (_, at) => ['2026-01', `owner ${at}`, null, 20 - at]))
  const { series } = heightsOf(many, DRAWN.new_customers!, 'customers')
  expect(series.map(({ name }) => name)).toEqual(['owner 0', 'owner 1', 'owner 2', 'owner 3', 'owner 4', 'owner 5', 'owner 6', null])
  expect(series.at(-1)).toEqual({ name: null, others: true, heights: [13 + 12 + 11] })
})

test('a report without rows of a currency draws nothing', () => {
  expect(heightsOf(report(['month', 'currency', 'invoiced']), DRAWN.months!, 'invoiced', 'CNY')).toEqual({ labels: [], series: [] })
})
