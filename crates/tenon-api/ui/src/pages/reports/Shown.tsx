import { Table } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../parts/format'
import { money } from '../../parts/money'
import { columnAt, useNames, type Report } from './report'

/** The most of the accent's colour behind a cell: text stays readable on it. */
const DEEPEST = 30

/** How much of the greatest amount of its currency a later period of a cohort brought: the more, the deeper its cell. */
function useDepths(report: Report) {
  return useMemo(() => {
    const later = report.columns.flatMap((column, index) => (/^t\d+$/.test(column.key) ? [index] : []))
    const currencyAt = columnAt(report, 'currency')
    const greatest = new Map<unknown, number>()
    for (const row of report.rows) {
      for (const index of later) greatest.set(row[currencyAt], Math.max(greatest.get(row[currencyAt]) ?? 0, Number(row[index] ?? 0)))
    }
    return (row: unknown[], index: number) => {
      const most = greatest.get(row[currencyAt]) ?? 0
      return later.includes(index) && most > 0 && row[index] != null ? (Number(row[index]) / most) * DEEPEST : 0
    }
  }, [report])
}

/** A report as a table. */
export function Shown({ report }: { report: Report }) {
  const { t } = useTranslation('reports')
  const { number, share } = useFormat()
  const names = useNames()
  const depth = useDepths(report)
  const shown = (kind: string, value: unknown) => {
    if (value == null) return <span className="quiet">{kind === 'text' ? t('unsaid') : '–'}</span>
    if (kind === 'whole') return <span className="number">{number(Number(value))}</span>
    if (kind === 'share') return <span className="number">{share(Number(value))}</span>
    if (kind === 'amount') return <span className="number">{money(String(value))}</span>
    return names.cell(String(value))
  }
  return (
    <Table
      size="small"
      rowKey="key"
      scroll={{ x: 'max-content' }}
      pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
      dataSource={report.rows.map((cells, key) => ({ key, cells: cells as unknown[] }))}
      locale={{ emptyText: t('none', { ns: 'common' }) }}
      columns={report.columns.map((column, index) => ({
        title: names.column(column.key),
        key: column.key,
        align: column.kind === 'text' || column.kind === 'day' ? ('left' as const) : ('right' as const),
        sorter: (one: { cells: unknown[] }, other: { cells: unknown[] }) =>
          column.kind === 'text' || column.kind === 'day'
            ? String(one.cells[index] ?? '').localeCompare(String(other.cells[index] ?? ''))
            : Number(one.cells[index] ?? 0) - Number(other.cells[index] ?? 0),
        onCell: (row: { cells: unknown[] }) => {
          const percent = depth(row.cells, index)
          return percent > 0 ? { style: { background: `color-mix(in srgb, var(--accent) ${percent.toFixed(1)}%, transparent)` } } : {}
        },
        render: (_: unknown, row: { cells: unknown[] }) => shown(column.kind, row.cells[index]),
      }))}
    />
  )
}
