import { Button, Empty, Grid, Segmented, Skeleton, Table, type TableProps } from 'antd'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { command, decisions, type Decision, type NamedMaster } from '../../api/masters'
import { useAskWhy, useSay } from '../../parts/ask'
import { Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'

const STATES = ['', 'approved', 'rejected']

/** What people decided, the newest first; each can be undone as long as nothing else stands in the way. */
export function Decided() {
  const { t } = useTranslation('reviews')
  const may = useMay('decide')
  const say = useSay()
  const askWhy = useAskWhy()
  const queries = useQueryClient()
  const wide = Grid.useBreakpoint().lg
  const [query, setQuery] = useSearchParams()
  const state = query.get('state') ?? ''
  const list = useInfiniteQuery({
    queryKey: ['reviews', 'decided', state],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => decisions(state || undefined, pageParam),
    getNextPageParam: (page) => page.next ?? undefined,
  })
  async function undo({ undo }: Decision) {
    const parts = Boolean(undo && 'unmerge' in undo)
    const why = await askWhy(t(parts ? 'unmerge_title' : 'reopen_title'), t(parts ? 'unmerge_text' : 'reopen_text'), { ok: t('undo') })
    if (why === null) return
    try {
      const { outcome } = await command(undo!, why)
      await queries.invalidateQueries()
      say.done(outcome === 'underway' ? t('not_decided_yet', { ns: 'common' }) : t(parts ? 'unmerged' : 'undone'))
    } catch (error) {
      say.failed(error)
    }
  }
  const pair = ({ sides }: Decision) => sides.map((side) => <Side key={side.master_id} side={side} />)
  const said = ({ review }: Decision) => <b className={review.state === 'approved' ? 'good' : undefined}>{t(`said.${review.state}`)}</b>
  const why = ({ review }: Decision) => (
    <>
      <span className="break">{review.because || <span className="quiet">–</span>}</span>
      <div className="quiet small">{t([`reason.${review.reason}`, 'reason.other'], { reason: review.reason })}</div>
    </>
  )
  const takeBack = (decision: Decision) => may && decision.undo && <Button size="small" onClick={() => void undo(decision)}>{t('undo')}</Button>
  const columns: TableProps<Decision>['columns'] = [
    { title: t('pair'), render: (_, decision) => pair(decision) },
    { title: t('what'), width: 130, render: (_, decision) => said(decision) },
    { title: t('at'), width: 120, render: (_, { review }) => <When at={review.decided_at} /> },
    { title: t('by'), width: 140, render: (_, { review }) => <span className="break">{review.decided_by}</span> },
    { title: t('because'), render: (_, decision) => why(decision) },
    { key: 'undo', align: 'right', width: 100, render: (_, decision) => takeBack(decision) },
  ]
  // Where there is little room, all of it stands below each other.
  const narrow: TableProps<Decision>['columns'] = [
    {
      title: t('pair'),
      render: (_, decision) => (
        <div className="stack" style={{ gap: 6 }}>
          <div>{pair(decision)}</div>
          <span className="row between">{said(decision)} <span className="quiet small">{decision.review.decided_by} <When at={decision.review.decided_at} /></span></span>
          <span className="row between" style={{ flexWrap: 'nowrap' }}><span>{why(decision)}</span> {takeBack(decision)}</span>
        </div>
      ),
    },
  ]
  if (list.error) return <Trouble error={list.error} again={() => list.refetch()} />
  return (
    <Panel flush>
      <div className="toolbar">
        <Segmented
          aria-label={t('which')}
          value={state}
          onChange={(chosen) => setQuery({ tab: 'decided', ...(chosen ? { state: chosen } : {}) }, { replace: true })}
          options={STATES.map((value) => ({ value, label: t(`said.${value || 'all'}`) }))}
        />
      </div>
      {!list.data ? <Skeleton active style={{ padding: 20 }} /> : (
        <Table<Decision>
          size="small"
          rowKey={({ review }) => review.id}
          pagination={false}
          dataSource={list.data.pages.flatMap((page) => page.items)}
          locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('none_decided')} /> }}
          columns={wide ? columns : narrow}
        />
      )}
      {list.hasNextPage && <div className="more"><Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button></div>}
    </Panel>
  )
}

/** One of a pair, and whether it went into the other. */
function Side({ side }: { side: NamedMaster }) {
  const { t } = useTranslation('reviews')
  return (
    <div className="row tight">
      <Link to={`/customers/${side.master_id}`}>{side.name ?? side.master_id}</Link>
      {side.code && <span className="mono quiet">{side.code}</span>}
      {side.merged_into && <span className="quiet small">{t('gone')}</span>}
    </div>
  )
}
