import { Table } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { useFormat } from '../../parts/format'
import { money } from '../../parts/money'
import type { Behind } from './behind'
import { columnAt, useNames, type Report } from './report'

type Row = { key: number; cells: unknown[]; behind: Behind }

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

/** A report as a table, whose numbers lead to what they count. */
export function Shown({ report, behind }: { report: Report; behind: (row: unknown[]) => Behind }) {
  const { t } = useTranslation('reports')
  const navigate = useNavigate()
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
  // Of nothing there is no list.
  const counted = (behind: Behind, row: unknown[]) => Object.fromEntries(Object.entries(behind).filter(([key]) => Number(row[columnAt(report, key)] ?? 0) !== 0))
  const first = ({ behind }: Row) => Object.values(behind)[0]
  return (
    <Table<Row>
      size="small"
      rowKey="key"
      scroll={{ x: 'max-content' }}
      pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
      dataSource={report.rows.map((cells, key) => ({ key, cells: cells as unknown[], behind: counted(behind(cells as unknown[]), cells as unknown[]) }))}
      rowClassName={(row) => (first(row) ? 'clickable' : '')}
      onRow={(row) => ({ onClick: () => void (first(row) && navigate(first(row)!)) })}
      locale={{ emptyText: t('none', { ns: 'common' }) }}
      columns={report.columns.map((column, index) => ({
        title: names.column(column.key),
        key: column.key,
        align: column.kind === 'text' || column.kind === 'day' ? ('left' as const) : ('right' as const),
        sorter: (one: Row, other: Row) =>
          column.kind === 'text' || column.kind === 'day'
            ? String(one.cells[index] ?? '').localeCompare(String(other.cells[index] ?? ''))
            : Number(one.cells[index] ?? 0) - Number(other.cells[index] ?? 0),
        onCell: (row: Row) => {
          const percent = depth(row.cells, index)
          return percent > 0 ? { style: { background: `color-mix(in srgb, var(--accent) ${percent.toFixed(1)}%, transparent)` } } : {}
        },
        render: (_: unknown, row: Row) => {
          const to = row.behind[column.key]
          return to ? <Link to={to} onClick={(event) => event.stopPropagation()}>{shown(column.kind, row.cells[index])}</Link> : shown(column.kind, row.cells[index])
        },
      }))}
    />
  )
}
