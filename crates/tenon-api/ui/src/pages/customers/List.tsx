import { Button, Empty, Input, Table } from 'antd'
import { SearchOutlined } from '@ant-design/icons'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { api } from '../../api/client'
import { useFormat } from '../../parts/format'
import { Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'

/** How many are asked for at once, and the most that a search finds. */
const PAGE = 50

/** Customers by anything that somebody calls them, misspelt or not. */
export function List() {
  const { t } = useTranslation('customers')
  const { share } = useFormat()
  const navigate = useNavigate()
  const [params, setParams] = useSearchParams()
  const q = params.get('q') || undefined
  const found = useInfiniteQuery({
    queryKey: ['customers', q],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/masters', { params: { query: { q, after: pageParam, limit: PAGE } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const items = found.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Panel flush>
      <div className="toolbar">
        <Input.Search
          key={q ?? ''}
          style={{ flex: '1 1 320px', maxWidth: 560 }}
          allowClear
          defaultValue={q}
          placeholder={t('search')}
          aria-label={t('search')}
          enterButton={<SearchOutlined aria-label={t('act.search', { ns: 'common' })} />}
          onSearch={(typed) => setParams(typed.trim() ? { q: typed.trim() } : {})}
        />
      </div>
      {found.error ? (
        <Trouble error={found.error} again={() => found.refetch()} />
      ) : (
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
            ...(q
              ? [{ title: t('likeness'), width: 120, align: 'right' as const, render: (_: unknown, customer: (typeof items)[number]) => (customer.likeness == null ? <b className="good">{t('exact')}</b> : <span className="number">{share(customer.likeness)}</span>) }]
              : []),
          ]}
        />
      )}
      {q && !found.hasNextPage && items.length === PAGE && <p className="more quiet small" style={{ margin: 0 }}>{t('best', { most: PAGE })}</p>}
      {found.hasNextPage && (
        <div className="more">
          <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button>
        </div>
      )}
    </Panel>
  )
}
