import { Button, DatePicker, Empty, Input, Select, Skeleton, Table, type TableColumnsType } from 'antd'
import { SlidersOutlined } from '@ant-design/icons'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import dayjs from 'dayjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, type Schemas } from '../../api/client'
import { AsOf } from '../../parts/AsOf'
import { Export } from '../../parts/Export'
import { useFormat } from '../../parts/format'
import { Matters } from '../../parts/Matters'
import { money, sum } from '../../parts/money'
import { OfCustomer } from '../../parts/OfCustomer'
import { Figure, PageHead, Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { Currencies, ofCurrency } from './Currencies'
import { Rules } from './Rules'
import { Views } from './Views'

type Order = Schemas['OrderView']

const MATTERS = ['overdue', 'short', 'unbilled', 'over_billed', 'orphan', 'mixed', 'open', 'matched'] as const
/** Which matters somebody should look at, and how urgently. */
const TONES: Record<string, string> = { overdue: 'bad', short: 'wait', unbilled: 'wait', over_billed: 'bad', orphan: 'wait', mixed: 'wait', matched: 'good' }
/** Of which matters something is at stake, by which orders can be put in order. */
const AT_STAKE = ['short', 'unbilled', 'over_billed', 'overdue']
/** Holds the place of an amount. */
const BLANK = '\u00a0'

/** How orders stand, and what is the matter with some. */
export function OrdersPage() {
  const { t } = useTranslation('reconciliation')
  const [query, setQuery] = useSearchParams()
  const exceptions = useQuery({
    queryKey: ['exceptions'],
    queryFn: async () => {
      const { data, response } = await api.GET('/api/v1/insight/exceptions')
      return { rows: data!, madeAt: new Date(Date.now() - Number(response.headers.get('Age')) * 1_000).toISOString() }
    },
    refetchInterval: 10_000,
  })
  const matter = query.get('matter') ?? 'overdue'
  const text = query.get('q') ?? ''
  const customer = query.get('customer') ?? ''
  const [ruled, setRuled] = useState(false)
  const rows = exceptions.data?.rows ?? []
  const whole = ofCurrency(rows, query.get('currency'), (row) => row.orders)
  const usual = matter === 'all' ? 'youngest' : 'oldest'
  const sorts = ['oldest', 'youngest', ...(AT_STAKE.includes(matter) && whole?.currency ? ['most'] : [])]
  const sort = sorts.find((sort) => sort === query.get('sort')) ?? usual
  // Those are listed that were counted; a number, and what a customer has, in all currencies unless one is chosen.
  const isSought = (text || customer) && !query.get('currency') && sort !== 'most'
  const currency = isSought ? undefined : whole?.currency
  const [from, to] = [query.get('from'), query.get('to')]
  const asked: Record<string, string> = {
    ...(matter === 'all' ? {} : { matter }),
    ...(text ? { text } : {}),
    ...(customer ? { customer } : {}),
    ...(currency === undefined || (rows.length < 2 && sort !== 'most') ? {} : { currency }),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
    ...(sort === usual ? {} : { sort }),
  }
  const orders = useInfiniteQuery({
    queryKey: ['orders', asked],
    enabled: exceptions.isSuccess,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/insight/orders', { params: { query: { ...asked, after: pageParam, limit: 50 } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const change = (changes: Record<string, string>) => {
    const next = new URLSearchParams(query)
    for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name)
    setQuery(next)
  }
  if (exceptions.error) return <Trouble error={exceptions.error} again={() => exceptions.refetch()} />
  if (!exceptions.data) return <Skeleton active className="page" />
  const file = (format: string) =>
    `/api/v1/insight/orders/export?${new URLSearchParams({ ...asked, format })}`
  return (
    <div className="page stack">
      <PageHead
        title={t('title')}
        text={t('text')}
        tools={<><AsOf at={exceptions.data.madeAt} /><Button icon={<SlidersOutlined />} onClick={() => setRuled(true)}>{t('rules')}</Button><Export href={file} most={100_000} /></>}
      />
      {rows.length === 0 && (
        <div className="panel" style={{ padding: 40 }}><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('none_yet')} /></div>
      )}
      <div className="views"><Views /><Currencies all={rows.map((row) => row.currency)} shown={whole?.currency} choose={(currency) => change({ currency })} /></div>
      {whole && <Whole row={whole} chosen={matter} choose={(matter) => change({ matter })} />}
      <Panel flush title={`${t('orders')}: ${t(`matter.${matter}`)}`}>
        <div className="toolbar">
          <OfCustomer value={customer || undefined} choose={(id) => change({ customer: id ?? '' })} />
          <Input.Search
            allowClear
            defaultValue={text}
            placeholder={t('find')}
            aria-label={t('find')}
            style={{ width: 220 }}
            onSearch={(q) => change({ q: q.trim(), ...(q.trim() ? { matter: 'all', currency: '' } : {}) })}
          />
          <DatePicker.RangePicker
            style={{ width: 250 }}
            allowEmpty={[true, true]}
            placeholder={[t(matter === 'all' ? 'from' : 'since_from'), t('to')]}
            aria-label={t('days')}
            value={[from ? dayjs(from) : null, to ? dayjs(to) : null]}
            onChange={(days) => change({ from: days?.[0]?.format('YYYY-MM-DD') ?? '', to: days?.[1]?.format('YYYY-MM-DD') ?? '' })}
          />
          <Select style={{ minWidth: 150 }} aria-label={t('sort')} value={sort} onChange={(sort) => change({ sort: sort === usual ? '' : sort })} options={sorts.map((value) => ({ value, label: t(`first.${value}`) }))} />
        </div>
        {orders.error ? (
          <Trouble error={orders.error} again={() => orders.refetch()} />
        ) : (
          <Orders matter={matter} rows={orders.data?.pages.flatMap((page) => page.items)} whole={orders.data && !orders.hasNextPage ? text : undefined} of={(contract) => change({ q: contract, matter: 'all', customer: '', currency: '' })} />
        )}
        {orders.hasNextPage && <div className="more"><Button loading={orders.isFetchingNextPage} onClick={() => void orders.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button></div>}
      </Panel>
      {ruled && <Rules close={() => setRuled(false)} />}
    </div>
  )
}

/** How all orders of a currency stand: how far goods, bills and money have come, and what is the matter with how many. */
function Whole({ row, chosen, choose }: { row: Schemas['ExceptionsView']; chosen: string; choose: (matter: string) => void }) {
  const { t } = useTranslation('reconciliation')
  const { number, share, short } = useFormat()
  const found = (matter: string) => row.matters.find((one) => one.matter === matter)
  const part = (amount: string) => (Number(row.ordered) ? share(Number(amount) / Number(row.ordered)) : undefined)
  return (
    <section className="stack" style={{ gap: 12 }} aria-label={row.currency || t('no_currency')}>
      <div className="figures">
        <Figure label={`${t('ordered')} ${row.currency}`} value={money(row.ordered)} note={t('count', { count: row.orders, number: number(row.orders) })} />
        {(['shipped', 'invoiced', 'received'] as const).map((way) => (
          <Figure key={way} label={`${t(way)} ${row.currency}`} value={money(row[way])} note={part(row[way])} />
        ))}
      </div>
      <Matters
        chosen={chosen}
        choose={choose}
        matters={[
          ...MATTERS.map((matter) => {
            const { orders = 0, amount = null } = found(matter) ?? {}
            return { key: matter, label: t(`matter.${matter}`), count: number(orders), tone: orders ? TONES[matter] : undefined, note: amount && amount !== '0' ? short(Number(amount)) : BLANK }
          }),
          { key: 'all', label: t('matter.all'), count: number(row.orders), note: BLANK },
        ]}
      />
    </section>
  )
}

function Amount({ value }: { value: string }) {
  if (value === '0') return <span className="quiet">–</span>
  return <span className="number">{money(value)}</span>
}

type Column = 'ordered' | 'shipped' | 'invoiced' | 'received' | 'short' | 'unbilled' | 'over_billed' | 'outstanding' | 'due' | 'age' | 'state'

/** What is looked at of each matter: so few columns that all of them are seen beside each other. */
const COLUMNS: Record<string, Column[]> = {
  overdue: ['outstanding', 'due', 'age', 'invoiced'],
  short: ['short', 'age', 'ordered', 'shipped'],
  unbilled: ['unbilled', 'age', 'shipped', 'invoiced'],
  over_billed: ['over_billed', 'ordered', 'shipped', 'invoiced'],
  orphan: ['shipped', 'invoiced', 'received'],
  mixed: ['ordered', 'shipped', 'invoiced', 'received'],
  open: ['ordered', 'shipped', 'invoiced', 'received', 'outstanding'],
  matched: ['ordered', 'shipped', 'invoiced', 'received'],
}
const ALL: Column[] = ['state', 'ordered', 'shipped', 'invoiced', 'received', 'outstanding']

/** Orders; those of one contract with its sums, where that was looked for and no more of it follows. */
function Orders({ rows, matter, whole, of }: { rows?: Order[]; matter: string; whole?: string; of: (contract: string) => void }) {
  const { t } = useTranslation('reconciliation')
  const column = (key: Column): TableColumnsType<Order>[number] => {
    if (key === 'state') return { title: t('state'), render: (_, row) => t(`stands.${row.state}`, { defaultValue: row.state }) }
    if (key === 'due') return { title: t('due'), dataIndex: 'due_on', className: 'number nowrap', render: (day: string | null) => day ?? '–' }
    if (key === 'age') return { title: t('age'), align: 'right', dataIndex: 'age_days', render: (days: number | null) => <span className="number">{days ?? '–'}</span> }
    return { title: t(key), align: 'right', render: (_, row) => <Amount value={row[key]} /> }
  }
  const shown = COLUMNS[matter] ?? ALL
  const ofContract = whole ? (rows ?? []).filter(({ contract }) => contract === whole) : []
  return (
    <Table<Order>
      size="small"
      rowKey="id"
      loading={!rows}
      summary={() => ofContract.length > 0 && <OfContract contract={whole!} orders={ofContract} columns={shown} />}
      scroll={{ x: 'max-content' }}
      locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('none_here')} /> }}
      dataSource={rows ?? []}
      pagination={false}
      expandable={{ expandedRowRender: (row) => <Parts row={row} />, rowExpandable: (row) => row.parts.length > 0 }}
      columns={[
        {
          title: t('number'),
          render: (_, row) => (
            <>
              <Link className="mono nowrap" to={`/trace/${encodeURIComponent(row.number)}`}>{row.number}</Link>
              {row.contract && (
                <div className="small">
                  <button type="button" className="linkish nowrap" onClick={() => of(row.contract!)}>{t('contract', { number: row.contract })}</button>
                  {row.contract_matters.map((matter) => <div key={matter} className="wait">{t(`contract_matter.${matter}`)}</div>)}
                </div>
              )}
            </>
          ),
        },
        {
          title: t('customer'),
          render: (_, row) =>
            row.customer ? <Link className="clip customer-name" to={`/customers/${row.customer}`}>{row.customer_name ?? row.customer_code ?? row.customer}</Link> : '–',
        },
        { title: t('day'), dataIndex: 'day', className: 'number nowrap' },
        { title: t('currency'), dataIndex: 'currency' },
        ...shown.map(column),
      ]}
    />
  )
}

/** How far a contract has come: its orders added up, by currency. */
function OfContract({ contract, orders, columns }: { contract: string; orders: Order[]; columns: Column[] }) {
  const { t } = useTranslation('reconciliation')
  const { number } = useFormat()
  return [...new Set(orders.map(({ currency }) => currency))].map((currency) => {
    const those = orders.filter((order) => order.currency === currency)
    return (
      <Table.Summary.Row key={currency} className="contract">
        {/* Above it rows are opened. */}
        <Table.Summary.Cell index={0} />
        <Table.Summary.Cell index={1} colSpan={3}>
          <b>{t('contract', { number: contract })}</b> <span className="quiet">{t('count', { count: those.length, number: number(those.length) })}</span>
        </Table.Summary.Cell>
        <Table.Summary.Cell index={4}>{currency}</Table.Summary.Cell>
        {columns.map((key, at) => (
          <Table.Summary.Cell key={key} index={5 + at} align="right">
            {!['state', 'due', 'age'].includes(key) && <b><Amount value={sum(those.map((order) => order[key as 'ordered']))} /></b>}
          </Table.Summary.Cell>
        ))}
      </Table.Summary.Row>
    )
  })
}

/** The documents that an order's figures were made from. */
function Parts({ row }: { row: Order }) {
  const { t } = useTranslation('reconciliation')
  return (
    <ul className="plain-list">
      {row.parts.map((part) => (
        <li key={part.id}>
          <span>{t(`entity.${part.entity}`, { ns: 'common' })}</span>
          <Link to={`/trace/${encodeURIComponent(part.number)}`}>{part.number}</Link>
          <span className="quiet grow">
            {part.day} · {part.status}
            {part.foreign ? ` · ${t('foreign', { currency: part.foreign })}` : ''}
          </span>
          {part.amount ? <span className="number">{money(part.amount)}</span> : null}
        </li>
      ))}
    </ul>
  )
}
