import { Segmented } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { PALETTES, useLook } from '../../app/theme'
import { Chart } from '../../parts/Chart'
import { useFormat } from '../../parts/format'
import { Panel } from '../../parts/PageHead'
import { columnAt, useCurrencies, useNames, type Report } from './report'

/** What each report is drawn by: the column of names, and that of heights. */
const DRAWN: Record<string, [string, string, 'bar' | 'line' | 'pie' | 'funnel']> = {
  months: ['month', 'invoiced', 'line'],
  segments: ['segment', 'invoiced', 'bar'],
  cohorts: ['cohort', 'total', 'bar'],
  funnel: ['stage', 'reached', 'funnel'],
  new_customers: ['month', 'customers', 'bar'],
  grades: ['grade', 'customers', 'pie'],
  products: ['name', 'amount', 'bar'],
  hints: ['name', 'customers', 'bar'],
}
const MOST_DRAWN = 15

export const isDrawn = (name: string) => name in DRAWN

type DrawnProps = { name: string; report: Report; currency?: string; choose: (currency: string) => void }

/** A report as a chart, of one currency where its heights are amounts. */
export function Drawn({ name, report, currency, choose }: DrawnProps) {
  const { t } = useTranslation('reports')
  const names = useNames()
  const { number, short } = useFormat()
  const { text, quiet, line, panel } = PALETTES[useLook()]
  const [label, height, kind] = DRAWN[name]!
  const currencies = useCurrencies(report)
  const drawn = currencies.find((known) => known === currency) ?? currencies[0]
  const option = useMemo(() => {
    const [labels, heights, money] = [label, height, 'currency'].map((key) => columnAt(report, key)) as [number, number, number]
    const sums = new Map<string, number>()
    for (const row of report.rows.filter((row) => drawn === undefined || row[money] === drawn)) {
      const key = row[labels]
      const called = key == null ? t('unsaid') : names.cell(String(key))
      sums.set(called, (sums.get(called) ?? 0) + Number(row[heights] ?? 0))
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
