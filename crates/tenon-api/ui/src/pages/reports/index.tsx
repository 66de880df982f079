import { DatePicker, Segmented, Select, Skeleton, Table } from 'antd'
import dayjs from 'dayjs'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { PALETTES, useLook } from '../../app/theme'
import { hub, type Schemas } from '../../api/client'
import { Chart } from '../../parts/Chart'
import { Export } from '../../parts/Export'
import { useFormat } from '../../parts/format'
import { money } from '../../parts/money'
import { PageHead, Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'

type Report = Schemas['TableView']

const REPORTS = ['months', 'segments', 'cohorts', 'funnel', 'new_customers', 'grades', 'products', 'scorecard'] as const
/** What each report is drawn by: the column of names, and that of heights. */
const DRAWN: Record<string, [string, string, 'bar' | 'line' | 'pie' | 'funnel']> = {
  months: ['month', 'invoiced', 'line'],
  segments: ['segment', 'invoiced', 'bar'],
  cohorts: ['cohort', 'total', 'bar'],
  funnel: ['stage', 'reached', 'funnel'],
  new_customers: ['month', 'customers', 'bar'],
  grades: ['grade', 'customers', 'pie'],
  products: ['name', 'amount', 'bar'],
}
const MOST_DRAWN = 15
/** Figures older than this are being made anew while the old ones are shown: the hub is asked again soon. */
const OLD = 5 * 60_000
const isOld = (report?: Report) => report !== undefined && Date.now() - Date.parse(report.made_at) > OLD

/** Figures for managers: each is a chart, a table and a file. */
export default function Reports() {
  const { t } = useTranslation('reports')
  const [query, setQuery] = useSearchParams()
  const name = query.get('report') ?? 'months'
  const from = query.get('from') ?? dayjs().subtract(11, 'month').format('YYYY-MM')
  const to = query.get('to') ?? dayjs().format('YYYY-MM')
  const level = Number(query.get('level') ?? '1')
  const by = query.get('by') ?? 'source'
  const unit = query.get('unit') ?? 'month'
  const currency = query.get('currency') ?? undefined
  const asked = { from, to, level, by, unit, ...(name === 'scorecard' ? { currency } : {}) }
  const report = hub.useQuery(
    'get', '/api/v1/insight/reports/{name}', { params: { path: { name }, query: asked } },
    { refetchInterval: ({ state }) => (isOld(state.data) ? 3_000 : 30_000) },
  )
  const change = (changes: Record<string, string>) => {
    const next = new URLSearchParams(query)
    for (const [key, value] of Object.entries(changes)) next.set(key, value)
    setQuery(next)
  }
  const file = (format: string) =>
    `/api/v1/insight/reports/${name}/export?${new URLSearchParams({ from, to, by, unit, level: String(level), ...(asked.currency ? { currency } : {}), format })}`
  return (
    <div className="page stack">
      <PageHead
        title={t('title')}
        text={t('text')}
        tools={
          <>
            {report.data && (
              <span className="quiet">
                {t('as_of')} <When at={report.data.made_at} exact />
                {isOld(report.data) && ` · ${t('renewed')}`}
              </span>
            )}
            <Export href={file} />
          </>
        }
      />
      <nav className="tab-links" aria-label={t('title')}>
        {REPORTS.map((key) => {
          const next = new URLSearchParams(query)
          next.set('report', key)
          return <Link key={key} to={{ search: next.toString() }} aria-current={key === name ? 'page' : undefined}>{t(`report.${key}`)}</Link>
        })}
      </nav>
      <div style={{ display: 'flex', gap: 12, flexWrap: 'wrap' }}>
        {name !== 'grades' && (
          <DatePicker.RangePicker
            picker="month"
            allowClear={false}
            value={[dayjs(from), dayjs(to)]}
            onChange={(span) => span?.[0] && span[1] && change({ from: span[0].format('YYYY-MM'), to: span[1].format('YYYY-MM') })}
          />
        )}
        {name === 'segments' && (
          <Select
            value={by}
            onChange={(by) => change({ by })}
            aria-label={t('by')}
            style={{ minWidth: 140 }}
            options={['source', 'industry', 'owner', 'grade', 'stage', 'kind'].map((value) => ({ value, label: t(`by_${value}`) }))}
          />
        )}
        {['segments', 'cohorts', 'new_customers'].includes(name) && (
          <Segmented
            value={level}
            onChange={(level) => change({ level: String(level) })}
            options={[1, 2].map((value) => ({ value, label: t('level', { value }) }))}
          />
        )}
        {name === 'scorecard' && <OneCurrency span={{ from, to }} value={currency} choose={(currency) => change({ currency })} />}
        {name === 'cohorts' && (
          <Segmented
            value={unit}
            onChange={(unit) => change({ unit })}
            options={['month', 'quarter', 'year'].map((value) => ({ value, label: t(`unit_${value}`) }))}
          />
        )}
      </div>
      {report.error ? (
        <Trouble error={report.error} again={() => report.refetch()} />
      ) : !report.data ? (
        <Skeleton active />
      ) : (
        <>
          {DRAWN[name] && report.data.rows.length > 0 && (
            <Drawn name={name} report={report.data} currency={currency} choose={(currency) => change({ currency })} />
          )}
          <Panel flush>
            <Shown report={report.data} />
          </Panel>
        </>
      )}
    </div>
  )
}

function useNames() {
  const { t } = useTranslation('reports')
  return {
    column: (key: string) => (/^t\d+$/.test(key) ? `T+${key.slice(1)}` : t(`column.${key}`, { defaultValue: key })),
    cell: (value: string) => t(`value.${value}`, { defaultValue: value }),
  }
}

/** The currencies of a report, that of most rows first: amounts of two are never drawn as one. */
function useCurrencies(report?: Report) {
  return useMemo(() => {
    const at = report?.columns.findIndex((column) => column.key === 'currency') ?? -1
    const rows = new Map<string, number>()
    for (const row of at < 0 ? [] : report!.rows) rows.set(String(row[at]), (rows.get(String(row[at])) ?? 0) + 1)
    return [...rows].sort(([, one], [, other]) => other - one).map(([currency]) => currency)
  }, [report])
}

/** In which currency measures are told, where there are several: that of scores, if none is chosen. */
function OneCurrency({ span, value, choose }: { span: { from: string; to: string }; value?: string; choose: (currency: string) => void }) {
  const { t } = useTranslation('reports')
  const months = hub.useQuery('get', '/api/v1/insight/reports/{name}', { params: { path: { name: 'months' }, query: span } })
  const currencies = useCurrencies(months.data)
  if (currencies.length < 2) return null
  return <Segmented value={value ?? currencies[0]} options={currencies} onChange={choose} aria-label={t('column.currency')} />
}

type DrawnProps = { name: string; report: Report; currency?: string; choose: (currency: string) => void }

function Drawn({ name, report, currency, choose }: DrawnProps) {
  const { t } = useTranslation('reports')
  const names = useNames()
  const { number, short } = useFormat()
  const { text, quiet, line, panel } = PALETTES[useLook()]
  const [label, height, kind] = DRAWN[name]!
  const currencies = useCurrencies(report)
  const drawn = currencies.find((known) => known === currency) ?? currencies[0]
  const option = useMemo(() => {
    const at = (key: string) => report.columns.findIndex((column) => column.key === key)
    const sums = new Map<string, number>()
    for (const row of report.rows.filter((row) => drawn === undefined || row[at('currency')] === drawn)) {
      const key = row[at(label)]
      const called = key == null ? t('unsaid') : names.cell(String(key))
      sums.set(called, (sums.get(called) ?? 0) + Number(row[at(height)] ?? 0))
    }
    const ordered = ['month', 'cohort'].includes(label) ? [...sums].sort(([one], [other]) => (one < other ? -1 : 1)) : [...sums]
    const data = ordered.map(([name, value]) => ({ name, value })).slice(0, MOST_DRAWN + (kind === 'line' ? 45 : 0))
    if (kind === 'pie' || kind === 'funnel') {
      return {
        tooltip: { trigger: 'item', backgroundColor: panel, borderColor: line, textStyle: { color: text } },
        series: [
          kind === 'pie'
            ? { type: kind, radius: ['52%', '82%'], data, label: { color: text, formatter: '{b}: {c}' } }
            : { type: kind, sort: 'none', top: 8, bottom: 8, left: '8%', width: '68%', minSize: '6%', gap: 3, data, label: { color: text, formatter: '{b}: {c}' } },
        ],
      }
    }
    return {
      tooltip: { trigger: 'axis', backgroundColor: panel, borderColor: line, textStyle: { color: text }, valueFormatter: (value: number) => number(value) },
      grid: { left: 8, right: 16, top: 16, bottom: 8, outerBoundsMode: 'same', containLabel: true },
      xAxis: { type: 'category', data: data.map((one) => one.name), axisLabel: { hideOverlap: true, color: quiet }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } },
      yAxis: { type: 'value', axisLabel: { formatter: short, color: quiet }, splitLine: { lineStyle: { color: line } } },
      series: [{ type: kind, data: data.map((one) => one.value), smooth: 0.2, symbolSize: 6, barMaxWidth: 44, itemStyle: { borderRadius: [4, 4, 0, 0] }, areaStyle: kind === 'line' ? { opacity: 0.08 } : undefined }],
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [report, drawn, name, t, text, line])
  return (
    <Panel
      title={t(`report.${name}`)}
      tools={currencies.length > 1 && <Segmented value={drawn} options={currencies} onChange={choose} aria-label={t('column.currency')} />}
    >
      <Chart option={option} label={drawn ? `${t(`report.${name}`)} (${drawn})` : t(`report.${name}`)} />
    </Panel>
  )
}

function Shown({ report }: { report: Report }) {
  const { t } = useTranslation('reports')
  const { number, share } = useFormat()
  const names = useNames()
  const unitAt = report.columns.findIndex((column) => column.key === 'unit')
  /** A measure is read by its unit: a share, a count, or an amount. */
  const measured = (value: unknown, unit: unknown) => {
    if (value == null) return <span className="quiet">–</span>
    if (unit === 'share') return <span className="number">{share(Number(value))}</span>
    if (unit === 'number' || unit === 'points') return <span className="number">{number(Number(value))}</span>
    return <span className="number">{money(String(value))}</span>
  }
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
        render: (_: unknown, row: { cells: unknown[] }) =>
          unitAt >= 0 && column.kind === 'amount' ? measured(row.cells[index], row.cells[unitAt]) : shown(column.kind, row.cells[index]),
      }))}
    />
  )
}
