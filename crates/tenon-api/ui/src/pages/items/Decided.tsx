import { Button, Empty, Skeleton, Table } from 'antd'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { itemDecisions, nameOf, type ItemDecision } from '../../api/items'
import { command } from '../../api/masters'
import { useAskWhy, useSay } from '../../parts/ask'
import { Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'

/** What people decided, the newest first; a join can be undone. */
export function Decided() {
  const { t } = useTranslation('items')
  const may = useMay('decide')
  const say = useSay()
  const askWhy = useAskWhy()
  const queries = useQueryClient()
  const list = useInfiniteQuery({
    queryKey: ['items', 'decided'],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) => itemDecisions(pageParam),
    getNextPageParam: (page) => page.next ?? undefined,
  })
  async function undo({ undo }: ItemDecision) {
    const why = await askWhy(t('undo_title', { record: nameOf(undo!) }), t('undo_text'), { ok: t('undo') })
    if (why === null) return
    try {
      await command({ new_item: { record: undo } }, why)
      await queries.invalidateQueries({ queryKey: ['items'] })
      say.done(t('undone'))
    } catch (error) {
      say.failed(error)
    }
  }
  if (list.error) return <Trouble error={list.error} again={() => list.refetch()} />
  if (!list.data) return <Skeleton active />
  return (
    <Panel flush>
      <Table<ItemDecision>
        size="small"
        rowKey="message_id"
        pagination={false}
        scroll={{ x: 760 }}
        dataSource={list.data.pages.flatMap((page) => page.items)}
        locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('none_decided')} /> }}
        columns={[
          { title: t('at'), dataIndex: 'at', width: 130, render: (at: string, row) => <Link to={`/trace/${row.message_id}`}><When at={at} /></Link> },
          { title: t('by'), dataIndex: 'by', width: 150 },
          {
            title: t('what'),
            render: (_, { act }) =>
              act.same_item
                ? <><span className="mono">{nameOf(act.same_item.record)}</span> {t('is')} <span className="mono">{nameOf(act.same_item.other)}</span></>
                : act.new_item && <><span className="mono">{nameOf(act.new_item.record)}</span> {t('is_own')}</>,
          },
          { title: t('reason'), dataIndex: 'because', render: (because: string) => <span className="quiet">{because || '–'}</span> },
          { key: 'undo', align: 'right', width: 110, render: (_, row) => may && row.undo && <Button size="small" onClick={() => void undo(row)}>{t('undo')}</Button> },
        ]}
      />
      {list.hasNextPage && <div className="more"><Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button></div>}
    </Panel>
  )
}
