import { Button, Empty, Input, Skeleton, Table, Tooltip } from 'antd'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, type Schemas } from '../../api/client'
import { AsOf } from '../../parts/AsOf'
import { Export } from '../../parts/Export'
import { useFormat } from '../../parts/format'
import { Matters } from '../../parts/Matters'
import { money } from '../../parts/money'
import { OfCustomer } from '../../parts/OfCustomer'
import { Figure, PageHead, Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { Currencies, ofCurrency } from './Currencies'
import { Views } from './Views'

type Contract = Schemas['ContractView']

/** What can be the matter with a contract, and how urgent it is. */
const TONES: Record<string, string> = { exceeded: 'bad', outside: 'wait', unknown: 'wait' }

/** What was agreed, and how far the orders have come that name it. */
export function Contracts() {
  const { t } = useTranslation('reconciliation')
  const [query, setQuery] = useSearchParams()
  const sums = useQuery({
    queryKey: ['contracts', 'sums'],
    queryFn: async () => {
      const { data, response } = await api.GET('/api/v1/insight/contracts/sums')
      return { rows: data!, madeAt: new Date(Date.now() - Number(response.headers.get('Age')) * 1_000).toISOString() }
    },
    refetchInterval: 10_000,
  })
  const rows = sums.data?.rows ?? []
  const whole = ofCurrency(rows, query.get('currency'), (row) => row.contracts)
  const [matter, text, customer] = [query.get('matter') ?? 'all', query.get('q') ?? '', query.get('customer') ?? '']
  // Those are listed that were counted; a number, and what a customer has, in all currencies unless one is chosen.
  const isSought = (text || customer) && !query.get('currency')
  const currency = rows.length < 2 || isSought ? undefined : whole?.currency
  const asked: Record<string, string> = {
    ...(matter === 'all' ? {} : { matter }),
    ...(text ? { text } : {}),
    ...(customer ? { customer } : {}),
    ...(currency === undefined ? {} : { currency }),
  }
  const contracts = useInfiniteQuery({
    queryKey: ['contracts', asked],
    enabled: sums.isSuccess,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/insight/contracts', { params: { query: { ...asked, after: pageParam, limit: 50 } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 10_000,
  })
  const change = (changes: Record<string, string>) => {
    const next = new URLSearchParams(query)
    for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name)
    setQuery(next)
  }
  if (sums.error) return <Trouble error={sums.error} again={() => sums.refetch()} />
  if (!sums.data) return <Skeleton active className="page" />
  return (
    <div className="page stack">
      <PageHead
        title={t('contracts_title')}
        text={t('contracts_text')}
        tools={<><AsOf at={sums.data.madeAt} /><Export href={(format) => `/api/v1/insight/contracts/export?${new URLSearchParams({ ...asked, format })}`} most={100_000} /></>}
      />
      {rows.length === 0 && <div className="panel" style={{ padding: 40 }}><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('no_contracts_yet')} /></div>}
      <div className="views"><Views /><Currencies all={rows.map((row) => row.currency)} shown={whole?.currency} choose={(currency) => change({ currency })} /></div>
      {whole && <Whole row={whole} chosen={matter} choose={(matter) => change({ matter: matter === 'all' ? '' : matter })} />}
      <Panel flush title={`${t('contracts')}: ${t(`contract_is.${matter}`)}`}>
        <div className="toolbar">
          <OfCustomer value={customer || undefined} choose={(id) => change({ customer: id ?? '' })} />
          <Input.Search allowClear defaultValue={text} placeholder={t('find_contract')} aria-label={t('find_contract')} style={{ width: 220 }} onSearch={(q) => change({ q: q.trim(), ...(q.trim() ? { matter: '', currency: '' } : {}) })} />
        </div>
        {contracts.error ? <Trouble error={contracts.error} again={() => contracts.refetch()} /> : <List rows={contracts.data?.pages.flatMap((page) => page.items)} />}
        {contracts.hasNextPage && <div className="more"><Button loading={contracts.isFetchingNextPage} onClick={() => void contracts.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button></div>}
      </Panel>
    </div>
  )
}

/** How all contracts of a currency stand. */
function Whole({ row, chosen, choose }: { row: Schemas['ContractSumsView']; chosen: string; choose: (matter: string) => void }) {
  const { t } = useTranslation('reconciliation')
  const { number, share, short } = useFormat()
  const part = (amount: string) => (Number(row.amount) ? t('of_contracted', { share: share(Number(amount) / Number(row.amount)) }) : undefined)
  const counted = (count: number) => t('count_contracts', { count, number: number(count) })
  return (
    <section className="stack" style={{ gap: 12 }} aria-label={row.currency || t('no_currency')}>
      <div className="figures">
        <Figure label={`${t('contracted')} ${row.currency}`} value={money(row.amount)} note={counted(row.contracts)} />
        {(['ordered', 'invoiced', 'received'] as const).map((way) => <Figure key={way} label={`${t(way)} ${row.currency}`} value={money(row[way])} note={part(row[way])} />)}
      </div>
      <Matters
        chosen={chosen}
        choose={choose}
        matters={[
          ...row.matters.map(({ matter, contracts, amount }) => ({ key: matter, label: t(`contract_is.${matter}`), count: number(contracts), tone: contracts ? TONES[matter] : undefined, note: amount && amount !== '0' ? short(Number(amount)) : '\u00a0' })),
          { key: 'all', label: t('contract_is.all'), count: number(row.contracts + (row.matters.find(({ matter }) => matter === 'unknown')?.contracts ?? 0)), note: '\u00a0' },
        ]}
      />
    </section>
  )
}

function List({ rows }: { rows?: Contract[] }) {
  const { t } = useTranslation('reconciliation')
  const { number } = useFormat()
  const amount = (value?: string | null) => (value == null || value === '0' ? <span className="quiet">–</span> : <span className="number">{money(value)}</span>)
  return (
    <Table<Contract>
      size="small"
      rowKey={(row) => `${row.number}/${row.currency}`}
      loading={!rows}
      scroll={{ x: 'max-content' }}
      locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('no_contract_here')} /> }}
      dataSource={rows ?? []}
      pagination={false}
      columns={[
        {
          title: t('contract_number'),
          render: (_, row) => (
            <>
              {row.document ? <Link className="mono nowrap" to={`/trace/${encodeURIComponent(row.number)}`}>{row.number}</Link> : <span className="mono nowrap">{row.number}</span>}
              <div className="small quiet clip contract-title">{row.document ? row.title : t('contract_matter.unknown')}</div>
            </>
          ),
        },
        {
          title: t('customer'),
          render: (_, row) => (row.customer ? <Link className="clip customer-name" to={`/customers/${row.customer}`}>{row.customer_name ?? row.customer_code ?? row.customer}</Link> : '–'),
        },
        {
          title: t('holds'),
          className: 'number nowrap',
          render: (_, row) => (
            <>
              {row.valid_from || row.valid_until ? `${row.valid_from ?? '…'} – ${row.valid_until ?? '…'}` : '–'}
              {row.status && row.status !== 'released' && <div className="small wait">{t(`contract_status.${row.status}`, { defaultValue: row.status })}</div>}
              {row.outside > 0 && <div className="small wait">{t('outside_count', { count: row.outside, number: number(row.outside) })}</div>}
            </>
          ),
        },
        { title: t('contracted'), align: 'right', render: (_, row) => <>{amount(row.amount)}<div className="small quiet">{row.currency}</div></> },
        {
          title: t('ordered'),
          align: 'right',
          render: (_, row) => (
            <>
              {row.orders ? <Link to={`/reconciliation?matter=all&q=${encodeURIComponent(row.number)}`}>{amount(row.ordered)}</Link> : amount(row.ordered)}
              <Used row={row} />
            </>
          ),
        },
        { title: t('invoiced'), align: 'right', render: (_, row) => amount(row.invoiced) },
        { title: t('received'), align: 'right', render: (_, row) => amount(row.received) },
        { title: t('left'), align: 'right', render: (_, row) => (Number(row.exceeded) > 0 ? <b className="bad number">{money(row.left ?? '0')}</b> : amount(row.left)) },
      ]}
    />
  )
}

/** How much of a contract was ordered, as a bar and in words. */
function Used({ row }: { row: Contract }) {
  const { t } = useTranslation('reconciliation')
  const { share } = useFormat()
  if (!row.amount || !Number(row.amount)) return null
  const used = Number(row.ordered) / Number(row.amount)
  const told = t('of_contracted', { share: share(used) })
  return (
    <Tooltip title={told}>
      <span className="used" role="img" aria-label={told}><span className={Number(row.exceeded) > 0 ? 'over' : undefined} style={{ width: `${Math.min(100, Math.max(0, used * 100))}%` }} /></span>
    </Tooltip>
  )
}
