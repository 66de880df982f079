import { Button, Empty, Table } from 'antd'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { api } from '../../api/client'
import { useFormat } from '../../parts/format'
import { Trouble } from '../../parts/Trouble'

/** How many are asked for at once. */
const PAGE = 50

/** Customers that are called so, or nearly so: those that it fits best first. */
export function Hits({ q }: { q: string }) {
  const { t } = useTranslation('customers')
  const { share } = useFormat()
  const navigate = useNavigate()
  const found = useInfiniteQuery({
    queryKey: ['customers', q],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/masters', { params: { query: { q, after: pageParam, limit: PAGE } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const items = found.data?.pages.flatMap((page) => page.items) ?? []
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  return (
    <>
      <Table
        size="small"
        rowKey="master_id"
        loading={found.isPending}
        dataSource={items}
        pagination={false}
        scroll={{ x: 820 }}
        rowClassName="clickable"
        onRow={(customer) => ({ onClick: () => navigate(`/customers/${customer.master_id}`) })}
        locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('none')} /> }}
        columns={[
          { title: t('code'), dataIndex: 'code', width: 110, render: (code: string | null) => <span className="mono">{code ?? '–'}</span> },
          {
            title: t('name'),
            render: (_, customer) => (
              <Link to={`/customers/${customer.master_id}`} onClick={(event) => event.stopPropagation()}>
                {customer.legal_name ?? customer.short_name ?? customer.master_id}
              </Link>
            ),
          },
          { title: t('short'), dataIndex: 'short_name', render: (name: string | null) => name ?? <span className="quiet">–</span> },
          { title: t('tax'), dataIndex: 'tax_id', render: (tax: string | null) => (tax ? <span className="mono">{tax}</span> : <span className="quiet">–</span>) },
          { title: t('city'), dataIndex: 'city', render: (city: string | null) => city ?? <span className="quiet">–</span> },
          { title: t('records'), dataIndex: 'statements', width: 110, align: 'right', className: 'number' },
          { title: t('likeness'), width: 120, align: 'right', render: (_, customer) => (customer.likeness == null ? <b className="good">{t('exact')}</b> : <span className="number">{share(customer.likeness)}</span>) },
        ]}
      />
      {found.hasNextPage && (
        <div className="more">
          <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button>
        </div>
      )}
    </>
  )
}
