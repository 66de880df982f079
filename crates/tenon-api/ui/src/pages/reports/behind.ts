// What is behind the numbers of a report: the list that counts the same customers, or the same opportunities.
import dayjs from 'dayjs'
import { listOf, NONE, type Filter } from '../customers/filter'
import type { Report } from './report'

/** What was asked of a report. */
export type Asked = { from: string; to: string; level: number; by: string; currency?: string; customer?: string }

/** Where the cells of a row lead, by their columns: the row itself leads where the first of them does. */
export type Behind = Record<string, string>

const lastDay = (month: string) => dayjs(`${month}-01`).endOf('month').format('YYYY-MM-DD')

/** The months of a period that people call `2026-03`, `2026-Q1` or `2026`, as far as they were asked for. */
export function monthsOf(period: string, { from, to }: Pick<Asked, 'from' | 'to'>): [string, string] {
  const [year, place] = period.split('-')
  const quarter = place?.startsWith('Q') ? Number(place.slice(1)) : undefined
  const month = (number: number) => `${year}-${String(number).padStart(2, '0')}`
  const [first, last] = quarter ? [month(quarter * 3 - 2), month(quarter * 3)] : place ? [period, period] : [month(1), month(12)]
  return [first < from ? from : first, last > to ? to : last]
}

/** The customers of whom the hub first heard in these months. */
export const knownOf = (from: string, to: string): Filter => ({ known_from: `${from}-01`, known_to: lastDay(to) })

/** What is behind a row; nothing where the figures cannot name it. */
export function behind(name: string, report: Report, row: unknown[], asked: Asked): Behind {
  const cell = (key: string) => {
    const value = row[report.columns.findIndex((column) => column.key === key)]
    return value == null ? NONE : String(value)
  }
  const span = (currency: string): Filter => ({ from: asked.from, to: asked.to, currency })
  const level = String(asked.level)
  // Of one customer it is told already who it is.
  if (asked.customer && name !== 'funnel') return {}
  switch (name) {
    case 'months':
      return { customers: listOf({ from: cell('month'), to: cell('month'), currency: cell('currency') }) }
    case 'segments': {
      const pathed = ['industry', 'source'].includes(asked.by)
      return { customers: listOf({ [asked.by]: cell('segment'), ...(pathed ? { level } : {}), ...span(cell('currency')) }) }
    }
    case 'cohorts': {
      const [first_from, first_to] = monthsOf(cell('cohort'), asked)
      return { customers: listOf({ source: cell('source'), level, first_from, first_to, currency: cell('currency') }) }
    }
    case 'new_customers':
      return { customers: listOf({ owner: cell('owner'), source: cell('source'), level, ...knownOf(cell('month'), cell('month')) }) }
    case 'grades':
      return { customers: listOf({ grade: cell('grade') }) }
    case 'products':
      return { amount: listOf({ item: cell('item'), ...span(cell('currency')) }) }
    case 'funnel': {
      const { from, to, customer } = asked
      const list = (what: Record<string, string>) => `/reports?${new URLSearchParams({ report: name, from, to, ...(customer ? { customer } : {}), ...what })}`
      const stage = cell('stage')
      return {
        standing: list({ stage }),
        reached: list({ stage, reached: 'true' }),
        open: list({ stage, outcome: 'open' }),
        won: list({ stage, outcome: 'won' }),
        lost: list({ stage, outcome: 'lost' }),
      }
    }
    default:
      return {}
  }
}

/** What is behind a measure of the scorecard. */
export function behindMeasure(measure: string, currency: string | undefined, { from, to }: Pick<Asked, 'from' | 'to'>): string | undefined {
  if (measure === 'new_customers') return listOf(knownOf(from, to))
  if (['active_customers', 'sales', 'receipts'].includes(measure)) return listOf({ from, to, ...(currency ? { currency } : {}) })
  return undefined
}
