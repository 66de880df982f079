import { Segmented, Select } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { PALETTES, useLook } from '../../app/theme'
import { Chart } from '../../parts/Chart'
import { useFormat } from '../../parts/format'
import { Panel } from '../../parts/PageHead'
import { DRAWN, heightsOf, measuresOf } from './heights'
import { useCurrencies, useNames, type Report } from './report'

type DrawnProps = {
  name: string
  report: Report
  currency?: string
  measure?: string
  choose: (choice: { currency?: string; measure?: string }) => void
}

/** A report as a chart, of one currency where its heights are amounts. */
export function Drawn({ name, report, currency, measure, choose }: DrawnProps) {
  const { t, i18n } = useTranslation('reports')
  const names = useNames()
  const { number, short, share } = useFormat()
  const { text, quiet, line, panel, idle } = PALETTES[useLook()]
  const drawing = DRAWN[name]!
  const measures = drawing.chosen ? measuresOf(report) : []
  const height = measures.find(({ key }) => key === measure)?.key ?? drawing.height
  const currencies = useCurrencies(report)
  const drawn = currencies.find((known) => known === currency) ?? currencies[0]
  const option = useMemo(() => {
    const { kind, by } = drawing
    const { labels, series } = heightsOf(report, drawing, height, drawn)
    const called = labels.map((label) => (label === null ? t('unsaid') : names.cell(label)))
    const parts = measures.some(({ key, kind }) => key === height && kind === 'share')
    const tooltip = { backgroundColor: panel, borderColor: line, textStyle: { color: text } }
    if (kind === 'pie' || kind === 'funnel') {
      const data = called.map((name, at) => ({ name, value: series[0]?.heights[at] }))
      const label = { color: text, formatter: '{b}: {c}' }
      return {
        tooltip: { ...tooltip, trigger: 'item' },
        series: [
          kind === 'pie'
            ? { type: kind, radius: ['52%', '82%'], data: data.filter(({ value }) => value), label }
            : { type: kind, sort: 'none', top: 8, bottom: 8, left: '8%', width: '68%', minSize: '6%', gap: 3, data, label },
        ],
      }
    }
    const format = parts ? share : number
    return {
      tooltip: { ...tooltip, trigger: 'axis', valueFormatter: (value?: number | null) => (value == null ? '–' : format(value)) },
      ...(by && { legend: { type: 'scroll', left: 8, top: 0, textStyle: { color: text }, pageTextStyle: { color: text }, pageIconColor: text, pageIconInactiveColor: idle } }),
      grid: { left: 8, right: 16, top: by ? 40 : 16, bottom: 8, outerBoundsMode: 'same', containLabel: true },
      xAxis: { type: 'category', data: called, axisLabel: { hideOverlap: true, color: quiet }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } },
      yAxis: { type: 'value', axisLabel: { formatter: parts ? share : short, color: quiet }, splitLine: { lineStyle: { color: line } } },
      series: series.map(({ name, others, heights }) => ({
        type: kind,
        data: heights,
        smooth: 0.2,
        symbolSize: 6,
        barMaxWidth: 44,
        ...(by
          ? { stack: by, name: others ? t('others') : (name ?? t('unsaid')) }
          : { itemStyle: { borderRadius: [4, 4, 0, 0] } }),
        areaStyle: kind === 'line' ? { opacity: 0.08 } : undefined,
      })),
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [report, drawn, height, name, i18n.language, text, line])
  const title = measures.length ? `${t(`report.${name}`)}: ${names.column(height)}` : t(`report.${name}`)
  return (
    <Panel
      title={t(`report.${name}`)}
      tools={
        <>
          {measures.length > 1 && (
            <Select
              value={height}
              onChange={(measure: string) => choose({ measure })}
              aria-label={t('drawn')}
              style={{ minWidth: 140 }}
              options={measures.map(({ key }) => ({ value: key, label: names.column(key) }))}
            />
          )}
          {currencies.length > 1 && <Segmented value={drawn} options={currencies} onChange={(currency) => choose({ currency })} aria-label={t('column.currency')} />}
        </>
      }
    >
      <Chart option={option} label={drawn ? `${title} (${drawn})` : title} />
    </Panel>
  )
}
