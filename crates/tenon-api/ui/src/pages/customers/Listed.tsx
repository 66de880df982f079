import { Button, Empty, Table, type TableColumnsType } from 'antd'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { api, type Schemas } from '../../api/client'
import { Export } from '../../parts/Export'
import { useFormat } from '../../parts/format'
import { money, sum } from '../../parts/money'
import { Trouble } from '../../parts/Trouble'
import { Grade, nameOf } from '../grades/parts'
import type { Filter } from './filter'

type Customer = Schemas['ListedCustomer']
type Sum = 'ordered' | 'invoiced' | 'received' | 'quantity'

const PAGE = 50

/** What each bought of the months that are asked for. */
const SUMS: Sum[] = ['ordered', 'invoiced', 'received']
const OF_ITEM: Sum[] = ['quantity', 'ordered']

/** Customers that fit, with what they bought; all of them added up where no more follow. */
export function Listed({ filter }: { filter: Filter & { text?: string } }) {
  const { t } = useTranslation('customers')
  const { number } = useFormat()
  const navigate = useNavigate()
  const asked = { ...filter, level: filter.level ? Number(filter.level) : undefined }
  const found = useInfiniteQuery({
    queryKey: ['customers', 'listed', filter],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/insight/customers', { params: { query: { ...asked, after: pageParam, limit: PAGE } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const { hasNextPage, isFetching, fetchNextPage } = found
  const pages = found.data?.pages
  const rows = pages?.flatMap((page) => page.items) ?? []
  // Where many had to be passed over, a page is empty and more follow.
  const passed = hasNextPage && !isFetching && pages?.at(-1)?.items.length === 0
  useEffect(() => {
    if (passed) void fetchNextPage()
  }, [passed, fetchNextPage])
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  const spanned = Boolean(filter.from || filter.first_from)
  const sums = spanned ? (filter.item ? OF_ITEM : SUMS) : []
  const amount = (key: Sum, value: string) => (key === 'quantity' ? number(Number(value)) : money(value))
  const columns: TableColumnsType<Customer> = [
    { title: t('name'), render: (_, customer) => <><Link to={`/customers/${customer.id}`} onClick={(event) => event.stopPropagation()}>{nameOf(customer)}</Link>{customer.name && customer.code && <div className="quiet mono small">{customer.code}</div>}</> },
    { title: t('grade'), render: (_, { grade }) => <Grade name={grade} /> },
    { title: t('industry'), dataIndex: 'industry', responsive: ['md'], render: (path: string | null) => path ?? <span className="quiet">–</span> },
    { title: t('source'), dataIndex: 'source', responsive: [spanned ? 'xxl' : 'lg'], render: (path: string | null) => path ?? <span className="quiet">–</span> },
    { title: t('owner'), dataIndex: 'owner', responsive: ['md'], render: (owner: string | null) => owner ?? <span className="quiet">–</span> },
    ...(spanned
      ? sums.map((key) => ({ title: t(`bought.${key}`, { currency: filter.currency ?? pages?.[0]?.currency }), align: 'right' as const, render: (_: unknown, { bought }: Customer) => <span className="number nowrap">{bought ? amount(key, bought[key]) : '–'}</span> }))
      : [{ title: t('sales', { currency: pages?.[0]?.currency ?? '' }), align: 'right' as const, render: (_: unknown, { sales }: Customer) => (sales === '0' ? <span className="quiet">–</span> : <span className="number nowrap">{money(sales)}</span>) }]),
    { title: t('last_order'), dataIndex: 'last_order', className: 'number nowrap', render: (day: string | null) => day ?? <span className="quiet">–</span> },
  ]
  const query = Object.entries(filter) as [string, string][]
  return (
    <>
      <Table<Customer>
        size="small"
        rowKey="id"
        loading={found.isPending || (passed && rows.length === 0)}
        dataSource={rows}
        pagination={false}
        scroll={{ x: 'max-content' }}
        rowClassName="clickable"
        onRow={(customer) => ({ onClick: () => navigate(`/customers/${customer.id}`) })}
        locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('none_fits')} /> }}
        columns={columns}
      />
      <div className="toolbar below">
        <span className="quiet" role="status">
          {!hasNextPage && found.data && [t('in_all', { count: rows.length, number: number(rows.length) }), ...sums.map((key) => `${t(`bought.${key}`, { currency: filter.currency ?? pages?.[0]?.currency })} ${amount(key, sum(rows.map(({ bought }) => bought?.[key] ?? '0')))}`)].join(' · ')}
        </span>
        {hasNextPage && <Button loading={found.isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button>}
        <Export href={(format) => `/api/v1/insight/customers/export?${new URLSearchParams([...query, ['format', format]])}`} most={100_000} />
      </div>
    </>
  )
}
