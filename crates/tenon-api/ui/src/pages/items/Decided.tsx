import { Button, Empty, Skeleton, Table } from 'antd'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { itemDecisions, nameOf, type ItemDecision, type RecordName } from '../../api/items'
import { command, type Act } from '../../api/masters'
import { useAskWhy, useSay } from '../../parts/ask'
import { Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'

/** What people decided, the newest first; each can be undone as long as it holds. */
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
  async function take(act: Act, title: string, text: string, done: string) {
    const why = await askWhy(title, text, { ok: t('undo') })
    if (why === null) return
    try {
      const { outcome } = await command(act, why)
      await queries.invalidateQueries({ queryKey: ['items'] })
      say.done(outcome === 'underway' ? t('not_decided_yet', { ns: 'common' }) : done)
    } catch (error) {
      say.failed(error)
    }
  }
  const part = (record: RecordName) =>
    take({ new_item: { record } }, t('undo_title', { record: nameOf(record) }), t('undo_text'), t('undone'))
  const join = (record: RecordName, other: RecordName) =>
    take(
      { same_item: { record, other } },
      t('undo_new_title', { record: nameOf(record), other: nameOf(other) }), t('undo_new_text'), t('undone_new'),
    )
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
          {
            key: 'undo',
            align: 'right',
            width: 150,
            render: (_, { act, undo, candidates }) => may && (
              <>
                {undo && <Button size="small" onClick={() => void part(undo)}>{t('undo')}</Button>}
                {act.new_item && candidates.map(({ master_id, records: [other] }) => other && (
                  <Button key={master_id} size="small" onClick={() => void join(act.new_item!.record, other.record)}>
                    {candidates.length === 1 ? t('undo') : t('same_as', { code: other.part.code })}
                  </Button>
                ))}
              </>
            ),
          },
        ]}
      />
      {list.hasNextPage && <div className="more"><Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button></div>}
    </Panel>
  )
}
