import { DownloadOutlined } from '@ant-design/icons'
import { Button, Dropdown, Input, Segmented, Skeleton, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { hub, type Schemas } from '../../api/client'
import { useFormat } from '../../parts/format'
import { money } from '../../parts/money'
import { PageHead, Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'

type Order = Schemas['OrderView']

const MATTERS = ['overdue', 'short', 'unbilled', 'over_billed', 'orphan', 'mixed', 'open', 'matched'] as const
const PAGE = 50

/** Whether what was ordered was shipped, billed and paid, and what is missing since when. */
export default function Reconciliation() {
  const { t } = useTranslation('reconciliation')
  const [query, setQuery] = useSearchParams()
  const exceptions = hub.useQuery('get', '/api/v1/insight/exceptions', {}, { refetchInterval: 10_000 })
  const matter = query.get('matter') ?? 'overdue'
  const text = query.get('q') ?? ''
  const page = Number(query.get('page') ?? '1')
  const orders = hub.useQuery('get', '/api/v1/insight/orders', {
    params: { query: { ...(matter === 'all' ? {} : { matter }), ...(text ? { text } : {}), skip: (page - 1) * PAGE, limit: PAGE } },
  })
  const change = (changes: Record<string, string>) => {
    const next = new URLSearchParams(query)
    next.delete('page')
    for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name)
    setQuery(next)
  }
  if (exceptions.error) return <Trouble error={exceptions.error} again={() => exceptions.refetch()} />
  if (!exceptions.data) return <Skeleton active className="page" />
  const file = (format: string) =>
    `/api/v1/insight/orders/export?${new URLSearchParams({ ...(matter === 'all' ? {} : { matter }), ...(text ? { text } : {}), format })}`
  return (
    <div className="page stack">
      <PageHead
        title={t('title')}
        text={t('text')}
        tools={
          <Dropdown
            menu={{
              items: ['csv', 'xlsx'].map((format) => ({ key: format, label: <a href={file(format)} download>{format.toUpperCase()}</a> })),
            }}
          >
            <Button icon={<DownloadOutlined />}>{t('export')}</Button>
          </Dropdown>
        }
      />
      <Panel title={t('all')} flush>
        <Matrix rows={exceptions.data} chosen={matter} choose={(matter) => change({ matter })} />
      </Panel>
      <Panel
        flush
        title={t('orders')}
        tools={
          <Input.Search
            allowClear
            defaultValue={text}
            placeholder={t('find')}
            aria-label={t('find')}
            style={{ width: 220 }}
            onSearch={(q) => change({ q: q.trim(), matter: q.trim() ? 'all' : matter })}
          />
        }
      >
        <div className="table-head" style={{ padding: '0 16px 12px', overflowX: 'auto' }}>
          <Segmented
            value={matter}
            onChange={(matter) => change({ matter })}
            options={[...MATTERS, 'all'].map((value) => ({ value, label: t(`matter.${value}`) }))}
          />
        </div>
        {orders.error ? (
          <Trouble error={orders.error} again={() => orders.refetch()} />
        ) : (
          <Orders page={orders.data} loading={orders.isFetching} at={page} go={(page) => change({ page: String(page) })} />
        )}
      </Panel>
    </div>
  )
}

/** How all orders stand: a row a currency, a column a matter, each leading to its orders. */
function Matrix({ rows, chosen, choose }: { rows: Schemas['ExceptionsView'][]; chosen: string; choose: (matter: string) => void }) {
  const { t } = useTranslation('reconciliation')
  const { number } = useFormat()
  return (
    <Table
      size="small"
      pagination={false}
      rowKey="currency"
      scroll={{ x: 1100 }}
      dataSource={rows}
      locale={{ emptyText: t('none', { ns: 'common' }) }}
      columns={[
        { title: t('currency'), dataIndex: 'currency', fixed: 'left', render: (currency: string) => currency || '–' },
        { title: t('ordered'), align: 'right', render: (_, row) => <Amount value={row.ordered} note={number(row.orders)} /> },
        { title: t('shipped'), align: 'right', render: (_, row) => <Amount value={row.shipped} /> },
        { title: t('invoiced'), align: 'right', render: (_, row) => <Amount value={row.invoiced} /> },
        { title: t('received'), align: 'right', render: (_, row) => <Amount value={row.received} /> },
        ...MATTERS.map((matter) => ({
          title: t(`matter.${matter}`),
          align: 'right' as const,
          render: (_: unknown, row: Schemas['ExceptionsView']) => {
            const found = row.matters.find((one) => one.matter === matter)
            if (!found?.orders) return <span className="quiet">0</span>
            return (
              <Button type={matter === chosen ? 'primary' : 'link'} size="small" onClick={() => choose(matter)}>
                <span className="number">{number(found.orders)}</span>
                {found.amount && found.amount !== '0' ? <span className="number quiet small"> · {money(found.amount)}</span> : null}
              </Button>
            )
          },
        })),
      ]}
    />
  )
}

function Amount({ value, note }: { value: string; note?: string }) {
  if (value === '0') return <span className="quiet">–</span>
  return (
    <span className="number">
      {money(value)}
      {note && <span className="quiet small"> · {note}</span>}
    </span>
  )
}

function Orders({ page, loading, at, go }: { page?: Schemas['OrdersPage']; loading: boolean; at: number; go: (page: number) => void }) {
  const { t } = useTranslation('reconciliation')
  const amount = (key: 'ordered' | 'shipped' | 'invoiced' | 'received' | 'short' | 'unbilled' | 'over_billed' | 'outstanding') => ({
    title: t(key),
    align: 'right' as const,
    render: (_: unknown, row: Order) => <Amount value={row[key]} />,
  })
  const known = (at - 1) * PAGE + (page?.items.length ?? 0) + (page?.next ? 1 : 0)
  return (
    <Table<Order>
      size="small"
      rowKey="id"
      loading={loading && !page}
      scroll={{ x: 1300 }}
      dataSource={page?.items ?? []}
      pagination={{ current: at, pageSize: PAGE, total: known, onChange: go, showSizeChanger: false, hideOnSinglePage: true }}
      expandable={{ expandedRowRender: (row) => <Parts row={row} />, rowExpandable: (row) => row.parts.length > 0 }}
      columns={[
        {
          title: t('number'),
          fixed: 'left',
          render: (_, row) => <Link to={`/trace/${encodeURIComponent(row.number)}`}>{row.number}</Link>,
        },
        {
          title: t('customer'),
          render: (_, row) =>
            row.customer ? <Link to={`/customers/${row.customer}`}>{row.customer_name ?? row.customer_code ?? row.customer}</Link> : '–',
        },
        { title: t('day'), dataIndex: 'day' },
        { title: t('state'), render: (_, row) => t(`stands.${row.state}`, { defaultValue: row.state }) },
        { title: t('currency'), dataIndex: 'currency' },
        amount('ordered'),
        amount('shipped'),
        amount('invoiced'),
        amount('received'),
        amount('short'),
        amount('unbilled'),
        amount('over_billed'),
        amount('outstanding'),
        { title: t('due'), dataIndex: 'due_on', render: (day: string | null) => day ?? '–' },
        { title: t('age'), align: 'right', dataIndex: 'age_days', render: (days: number | null) => <span className="number">{days ?? '–'}</span> },
      ]}
    />
  )
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
