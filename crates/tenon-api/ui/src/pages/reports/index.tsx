import { DatePicker, Empty, Segmented, Select, Skeleton } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { hub } from '../../api/client'
import { AsOf, isOld } from '../../parts/AsOf'
import { Export } from '../../parts/Export'
import { PageHead, Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { behind } from './behind'
import { Drawn } from './Drawn'
import { DRAWN } from './heights'
import { OfCustomer } from '../../parts/OfCustomer'
import { Opportunities } from './Opportunities'
import { Scorecard } from './Scorecard'
import { Shown } from './Shown'
import { useCurrencies } from './report'

const REPORTS = ['months', 'segments', 'cohorts', 'funnel', 'new_customers', 'grades', 'products', 'hints', 'scorecard'] as const
/** What can be asked of one customer as well; hints of one alone. */
const OF_CUSTOMER = ['months', 'funnel', 'products', 'hints']

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
  const customer = OF_CUSTOMER.includes(name) ? (query.get('customer') ?? undefined) : undefined
  const asked = { from, to, level, by, unit, ...(name === 'scorecard' && currency ? { currency } : {}), ...(customer ? { customer } : {}) }
  const lacking = name === 'hints' && !customer
  const span = { from, to, level, by, currency, customer }
  const stage = name === 'funnel' ? query.get('stage') : null
  const report = hub.useQuery(
    'get', '/api/v1/insight/reports/{name}', { params: { path: { name }, query: asked } },
    { enabled: !lacking, refetchInterval: ({ state }) => (isOld(state.data?.made_at) ? 3_000 : 30_000) },
  )
  const change = (changes: Record<string, string | undefined>) => {
    const next = new URLSearchParams(query)
    for (const [key, value] of Object.entries(changes)) {
      if (value === undefined) next.delete(key)
      else next.set(key, value)
    }
    setQuery(next)
  }
  const file = (format: string) =>
    `/api/v1/insight/reports/${name}/export?${new URLSearchParams({ ...asked, level: String(level), format })}`
  return (
    <div className="page stack">
      <PageHead
        title={t('title')}
        text={t('text')}
        tools={
          <>
            {report.data && <AsOf at={report.data.made_at} />}
            {!lacking && <Export href={file} />}
          </>
        }
      />
      <nav className="tab-links" aria-label={t('title')}>
        {REPORTS.map((key) => {
          const next = without(query, 'stage', 'reached', 'outcome')
          next.set('report', key)
          return <Link key={key} to={{ search: next.toString() }} aria-current={key === name ? 'page' : undefined}>{t(`report.${key}`)}</Link>
        })}
      </nav>
      <p className="quiet small" style={{ margin: 0 }}>{t(`explained.${name}`)}</p>
      <div style={{ display: 'flex', gap: 12, flexWrap: 'wrap' }}>
        {name !== 'grades' && (
          <DatePicker.RangePicker
            picker="month"
            allowClear={false}
            value={[dayjs(from), dayjs(to)]}
            onChange={(span) => span?.[0] && span[1] && change({ from: span[0].format('YYYY-MM'), to: span[1].format('YYYY-MM') })}
          />
        )}
        {OF_CUSTOMER.includes(name) && <OfCustomer value={customer} choose={(customer) => change({ customer })} />}
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
        {name === 'cohorts' && (
          <Segmented
            value={unit}
            onChange={(unit) => change({ unit })}
            options={['month', 'quarter', 'year'].map((value) => ({ value, label: t(`unit_${value}`) }))}
          />
        )}
        {name === 'scorecard' && <OneCurrency span={{ from, to }} value={currency} choose={(currency) => change({ currency })} />}
      </div>
      {lacking ? (
        <Panel><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('choose_customer')} /></Panel>
      ) : report.error ? (
        <Trouble error={report.error} again={() => report.refetch()} />
      ) : !report.data ? (
        <Skeleton active />
      ) : name === 'scorecard' ? (
        <Scorecard report={report.data} span={span} />
      ) : (
        <>
          {name in DRAWN && report.data.rows.length > 0 && (
            <Drawn name={name} report={report.data} currency={currency} measure={query.get('measure') ?? undefined} choose={change} />
          )}
          <Panel flush>
            <Shown report={report.data} behind={(row) => behind(name, report.data, row, span)} />
          </Panel>
          {stage && (
            <Opportunities
              stage={stage}
              reached={query.get('reached') === 'true'}
              outcome={query.get('outcome') ?? undefined}
              from={from}
              to={to}
              customer={customer}
              whole={`/reports?${without(query, 'stage', 'reached', 'outcome')}`}
            />
          )}
        </>
      )}
    </div>
  )
}

/** A query but for some of it. */
function without(query: URLSearchParams, ...names: string[]) {
  const next = new URLSearchParams(query)
  for (const name of names) next.delete(name)
  return next
}

/** In which currency measures are told, where there are several: that of scores, if none is chosen. */
function OneCurrency({ span, value, choose }: { span: { from: string; to: string }; value?: string; choose: (currency: string) => void }) {
  const { t } = useTranslation('reports')
  const months = hub.useQuery('get', '/api/v1/insight/reports/{name}', { params: { path: { name: 'months' }, query: span } })
  const currencies = useCurrencies(months.data)
  if (currencies.length < 2) return null
  return <Segmented value={value ?? currencies[0]} options={currencies} onChange={choose} aria-label={t('column.currency')} />
}
