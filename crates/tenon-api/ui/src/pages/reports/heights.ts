// What of a report is drawn: which of its columns, and the heights that they give. How it looks is not said here.
import { columnAt, type Report } from './report'

export interface Drawing {
  kind: 'bar' | 'line' | 'pie' | 'funnel'
  /** The column of names. */
  label: string
  /** The column of heights, where nobody chooses another. */
  height: string
  /** Whether the reader chooses among all that is counted. */
  chosen?: boolean
  /** The column whose words stand on each other, month by month. */
  by?: string
}

export const DRAWN: Record<string, Drawing> = {
  months: { kind: 'line', label: 'month', height: 'invoiced', chosen: true },
  segments: { kind: 'bar', label: 'segment', height: 'invoiced', chosen: true },
  cohorts: { kind: 'bar', label: 'cohort', height: 'total' },
  funnel: { kind: 'funnel', label: 'stage', height: 'reached' },
  new_customers: { kind: 'bar', label: 'month', height: 'customers', by: 'owner' },
  grades: { kind: 'pie', label: 'grade', height: 'customers' },
  products: { kind: 'bar', label: 'name', height: 'amount' },
  hints: { kind: 'bar', label: 'name', height: 'customers' },
}

/** So many that are not months have room beside each other; so many colours tell apart what stands on each other. */
const MOST = { beside: 15, within: 8 }

/** What a report counts: every column that can be a height. */
export const measuresOf = (report: Report) => report.columns.filter(({ kind }) => ['whole', 'amount', 'share'].includes(kind))

export interface Heights {
  labels: (string | null)[]
  /** Each with a height for every label: null where it is not known. */
  series: { name: string | null; others?: boolean; heights: (number | null)[] }[]
}

type Named<T> = Map<string | null, T>

/** All months from the first to the last of these: one in which nothing was has no row. */
function everyMonth(months: string[]): string[] {
  const last = months.reduce((one, other) => (one > other ? one : other))
  const all = [months.reduce((one, other) => (one < other ? one : other))]
  while (all.at(-1)! < last) {
    const [year, month] = all.at(-1)!.split('-').map(Number) as [number, number]
    all.push(month === 12 ? `${year + 1}-01` : `${year}-${String(month + 1).padStart(2, '0')}`)
  }
  return all
}

/** The heights of a report in one currency, where it has any. */
export function heightsOf(report: Report, { kind, label, by, chosen }: Drawing, height: string, currency?: string): Heights {
  const [labelAt, byAt, heightAt, moneyAt] = [label, by ?? '', height, 'currency'].map((key) => columnAt(report, key)) as [number, number, number, number]
  const word = (value: unknown) => (value == null ? null : String(value))
  const sums: Named<Named<number | null>> = new Map()
  for (const row of report.rows.filter((row) => currency === undefined || row[moneyAt] === currency)) {
    const [name, of] = [word(row[labelAt]), word(row[byAt])]
    const within = sums.get(of) ?? new Map()
    const known = within.get(name) ?? null
    sums.set(of, within.set(name, row[heightAt] == null ? known : (known ?? 0) + Number(row[heightAt])))
  }
  const total = (within: Named<number | null>) => [...within.values()].reduce<number>((sum, one) => sum + (one ?? 0), 0)
  const most = [...sums].sort(([, one], [, other]) => total(other) - total(one))
  let labels = [...new Set(most.flatMap(([, within]) => [...within.keys()]))]
  if (label === 'month') labels = labels.length ? everyMonth(labels.map(String)) : []
  if (label === 'cohort') labels.sort((one, other) => (String(one) < String(other) ? -1 : 1))
  // Segments come with the most sales first, whatever else of them is drawn.
  if (chosen && label !== 'month') labels.sort((one, other) => (most[0]![1].get(other) ?? -Infinity) - (most[0]![1].get(one) ?? -Infinity))
  if (label !== 'month' && kind === 'bar') labels = labels.slice(0, MOST.beside)
  const named = most.length > MOST.within ? most.slice(0, MOST.within - 1) : most
  const rest = most.slice(named.length)
  const series: Heights['series'] = named.map(([name, within]) => ({ name, heights: labels.map((label) => within.has(label) ? within.get(label)! : 0) }))
  if (rest.length) series.push({ name: null, others: true, heights: labels.map((label) => rest.reduce((sum, [, within]) => sum + (within.get(label) ?? 0), 0)) })
  return { labels, series }
}
