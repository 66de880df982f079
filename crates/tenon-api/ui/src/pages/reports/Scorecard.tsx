import { Empty } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useFormat } from '../../parts/format'
import { Figure, Panel } from '../../parts/PageHead'
import { behindMeasure, type Asked } from './behind'
import { columnAt, useNames, type Report } from './report'

/** What is told of customer work, and the measures that tell it. */
const GROUPS: [string, string[]][] = [
  ['acquisition', ['new_customers', 'cost_per_new_customer']],
  ['loyalty', ['active_customers', 'retention', 'churn']],
  ['profitability', ['sales', 'receipts', 'margin']],
  ['contentment', ['satisfaction', 'content', 'cases']],
  ['wallet', ['share_of_wallet']],
  ['selling', ['items_per_customer', 'amount_per_order']],
]
/** Measures of which less is better. */
const BETTER_LESS = ['cost_per_new_customer', 'churn', 'cases']
/** A change below this share is none. */
const STILL = 0.005

type Measure = { value: unknown; before: unknown; change: unknown; unit: string }

/** The measures of a span side by side, each against as many months before. */
export function Scorecard({ report, span }: { report: Report; span: Pick<Asked, 'from' | 'to'> }) {
  const { t } = useTranslation('reports')
  const names = useNames()
  const { number, share, short } = useFormat()
  const [name, unit, value, before, change] = ['measure', 'unit', 'value', 'before', 'change'].map((key) => columnAt(report, key)) as [number, number, number, number, number]
  const measures = new Map<string, Measure>(
    report.rows.map((row) => [String(row[name]), { value: row[value], before: row[before], change: row[change], unit: String(row[unit]) }]),
  )
  // Amounts are told in one currency, which those who are counted have, too.
  const currency = measures.get('sales')?.unit
  const told = (amount: unknown, unit: string): ReactNode => {
    if (amount == null) return '–'
    if (unit === 'share') return share(Number(amount))
    if (unit === 'number' || unit === 'points') return number(Number(amount))
    return short(Number(amount))
  }
  if (measures.size === 0) return <Panel><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('none', { ns: 'common' })} /></Panel>
  return (
    <div className="stack">
      {GROUPS.map(([group, keys]) => (
        <section key={group} aria-labelledby={`of-${group}`}>
          <h2 className="section" id={`of-${group}`}>
            {t(`group.${group}`)}
            {group === 'selling' && <Link to="/reports?report=hints" className="beside">{t('to_hints')}</Link>}
          </h2>
          <div className="figures">
            {keys.map((key) => {
              const measure = measures.get(key)
              if (!measure) return null
              const changed = Number(measure.change ?? 0)
              const better = Math.abs(changed) < STILL ? undefined : changed > 0 !== BETTER_LESS.includes(key)
              const to = Number(measure.value ?? 0) !== 0 ? behindMeasure(key, currency, span) : undefined
              const money = !['share', 'number', 'points'].includes(measure.unit)
              return (
                <Figure
                  key={key}
                  label={money ? `${names.cell(key)} (${measure.unit})` : names.cell(key)}
                  value={to ? <Link to={to}>{told(measure.value, measure.unit)}</Link> : told(measure.value, measure.unit)}
                  note={
                    measure.before == null ? (
                      t('nothing_before')
                    ) : (
                      <>
                        {better !== undefined && measure.change != null && (
                          <b className={better ? 'good' : 'bad'}>{changed > 0 ? '▲' : '▼'} {share(Math.abs(changed))} </b>
                        )}
                        {t('was', { value: told(measure.before, measure.unit) })}
                      </>
                    )
                  }
                />
              )
            })}
          </div>
        </section>
      ))}
    </div>
  )
}
