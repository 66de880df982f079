import { Button, Popconfirm, Table, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { useQuery } from '@tanstack/react-query'
import { api, type Schemas } from '../../api/client'
import { useSay } from '../../parts/ask'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'

type Open = Schemas['OpenSession']

/** The browsers in which somebody is signed in: one's own, each to be ended; or all of another person's. */
export function SessionList({ user }: { user?: string }) {
  const { t } = useTranslation('settings')
  const say = useSay()
  const found = useQuery({
    queryKey: ['sessions', user],
    queryFn: async () =>
      (user ? (await api.GET('/api/v1/users/{user}/sessions', { params: { path: { user } } })).data! : (await api.GET('/api/v1/sessions')).data!).items,
  })
  async function end(what: () => Promise<unknown>) {
    try {
      await what()
      say.done(t('session_over'))
      await found.refetch()
    } catch (error) {
      say.failed(error)
    }
  }
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  const items = found.data ?? []
  const several = items.some(({ current }) => user || !current)
  return (
    <div className="stack" style={{ gap: 10 }}>
      <Table<Open>
        size="small"
        rowKey="id"
        loading={found.isPending}
        pagination={items.length > 10 && { pageSize: 10, showSizeChanger: false }}
        scroll={{ x: 480 }}
        dataSource={items}
        locale={{ emptyText: t('no_sessions') }}
        columns={[
          { title: t('origin'), render: (_, { origin, current }) => <span className="row"><span className="mono">{origin}</span>{current && <Tag>{t('this_session')}</Tag>}</span> },
          { title: t('since'), dataIndex: 'created_at', render: (at: string) => <When at={at} /> },
          { title: t('seen'), dataIndex: 'seen_at', render: (at: string) => <When at={at} /> },
          { title: t('ends'), dataIndex: 'expires_at', render: (at: string) => <When at={at} /> },
          ...(user ? [] : [{
            title: '',
            align: 'right' as const,
            render: (_: unknown, { id, current, origin }: Open) =>
              !current && <Button size="small" aria-label={t('end_from', { origin })} onClick={() => void end(() => api.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } }))}>{t('end')}</Button>,
          }]),
        ]}
      />
      {several && (
        <div>
          <Popconfirm
            title={t(user ? 'end_all_ask' : 'end_others_ask')}
            okText={t('end')}
            cancelText={t('act.cancel', { ns: 'common' })}
            onConfirm={() => end(() => (user ? api.DELETE('/api/v1/users/{user}/sessions', { params: { path: { user } } }) : api.DELETE('/api/v1/sessions')))}
          >
            <Button danger>{t(user ? 'end_all' : 'end_others')}</Button>
          </Popconfirm>
        </div>
      )}
    </div>
  )
}
