import { Button, Drawer, Empty, Table, Tooltip } from 'antd'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, hub, type Schemas } from '../../api/client'
import { useAskWhy, useSay } from '../../parts/ask'
import { useFormat } from '../../parts/format'
import { useOpened } from '../../parts/opened'
import { Panel } from '../../parts/PageHead'
import { useWords } from '../../parts/Said'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay, useSession } from '../../session/session'
import { Bulk, type Deed } from './Bulk'
import { asksMore, fits, type Filter } from './filter'
import { One } from './One'

const PAGE = 100
/** How often the first page is asked for anew. What no index finds is too much to look for, or to count, all the time. */
const EVERY = 1_500
const SELDOM = 10_000

/** The messages that a filter names, the eldest first, and what can be done with some or all of them. */
export function Waiting({ filter, groups }: { filter: Filter; groups: Schemas['GroupView'][] }) {
  const { t } = useTranslation('parked')
  const words = useWords()
  const queries = useQueryClient()
  const askWhy = useAskWhy()
  const say = useSay()
  const may = useMay('operate')
  const { systems } = useSession()
  const { number } = useFormat()
  const [picked, setPicked] = useState<number[]>([])
  const [deed, setDeed] = useState<Deed>()
  const one = useOpened('one')
  const found = useInfiniteQuery({
    queryKey: ['parked', filter],
    initialPageParam: undefined as number | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/parked', { params: { query: { ...filter, after: pageParam, limit: PAGE } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
    // What is chosen stays as it is until something is done with it.
    refetchInterval: ({ state }) => picked.length === 0 && (state.data?.pages.length ?? 0) <= 1 && (filter.text || filter.reason ? SELDOM : EVERY),
  })
  const more = asksMore(filter)
  const counted = hub.useQuery('get', '/api/v1/parked/count', { params: { query: filter } }, { enabled: more, refetchInterval: picked.length === 0 && (filter.key ? EVERY : SELDOM) })
  const items = found.data?.pages.flatMap((page) => page.items) ?? []
  const further = (found.data?.pages.length ?? 0) > 1
  const count = more ? (counted.data?.count ?? 0) : groups.filter((group) => fits(group, filter)).reduce((sum, group) => sum + group.count, 0)
  // Who may touch only some systems does something with all of one.
  const selection: Filter = systems?.length === 1 ? { ...filter, system: systems[0] } : filter
  const hindered = systems && !selection.system ? t('choose_system') : undefined
  const refresh = () => {
    setPicked([])
    void queries.invalidateQueries()
  }
  async function redrive(ids: number[]) {
    try {
      const { data } = await api.POST('/api/v1/parked/redrive', { body: { ids } })
      say.done(t('redriven', { count: data!.sent }) + (data!.superseded.length ? ` ${t('superseded', { count: data!.superseded.length })}` : ''))
      one.close()
      refresh()
    } catch (error) {
      say.failed(error)
    }
  }
  async function drop(ids: number[]) {
    const because = await askWhy(t('drop_title', { count: ids.length }), t('drop_text'), { required: true, danger: true, ok: t('drop') })
    if (!because) return
    try {
      const { data } = await api.POST('/api/v1/parked/drop', { body: { ids, because } })
      say.done(t('dropped', { count: data!.dropped }))
      one.close()
      refresh()
    } catch (error) {
      say.failed(error)
    }
  }
  const bulk = (act: Deed['act'], hint?: string) => (
    <Tooltip title={hint}>
      <Button danger={act === 'drop'} disabled={Boolean(hint)} onClick={() => setDeed({ act, selection, count })}>{t(`${act}_all`, { count, number: number(count) })}</Button>
    </Tooltip>
  )
  return (
    <Panel
      title={<>{t('messages')} <span className="quiet number">{(!more || counted.data) && number(count)}</span></>}
      flush
      tools={
        <>
          <span className="quiet small" role="status">{picked.length ? t('live_picked', { count: picked.length }) : further ? t('live_further') : t('live')}</span>
          {may && (picked.length ? (
            <>
              <Button type="primary" onClick={() => void redrive(picked)}>{t('redrive_count', { count: picked.length })}</Button>
              <Button danger onClick={() => void drop(picked)}>{t('drop_count', { count: picked.length })}</Button>
              <Button type="text" onClick={() => setPicked([])}>{t('pick_none')}</Button>
            </>
          ) : count > 0 && (
            <>
              {bulk('redrive', hindered)}
              {bulk('drop', hindered ?? (Object.keys(selection).length ? undefined : t('filter_first')))}
            </>
          ))}
        </>
      }
    >
      {found.error ? (
        <Trouble error={found.error} again={() => found.refetch()} />
      ) : (
        <Table
          size="small"
          rowKey="id"
          loading={found.isPending}
          dataSource={items}
          pagination={false}
          scroll={{ x: 760 }}
          rowClassName="clickable"
          locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={Object.keys(filter).length ? t('none_fits') : t('nothing')} /> }}
          rowSelection={may ? { selectedRowKeys: picked, onChange: (keys) => setPicked(keys as number[]), getCheckboxProps: (item) => ({ 'aria-label': t('pick', { id: item.id }) }) as object, getTitleCheckboxProps: () => ({ 'aria-label': t('pick_all') }) as object } : undefined}
          onRow={(item) => ({ onClick: () => one.open(item.id) })}
          columns={[
            {
              title: t('record'),
              width: 230,
              render: (_, item) => (
                <>
                  <button type="button" className="linkish mono" onClick={(event) => { event.stopPropagation(); one.open(item.id) }}>{item.native_id ?? item.message_id}</button>
                  <div className="quiet small">{t(`entity.${item.entity}`, { ns: 'common', defaultValue: item.entity })} · {item.direction === 'inbound' ? t('from', { system: item.system }) : `${item.source} → ${item.system}`}</div>
                </>
              ),
            },
            {
              title: t('why_waits'),
              render: (_, item) => (
                <>
                  <State state={item.state} label={t(`parked_state.${item.state}`, { ns: 'common' })} />
                  {item.state !== 'behind' && <span className="quiet small"> · {words(item.code)}</span>}
                  <div className="quiet small break two-lines">{item.reason}</div>
                </>
              ),
            },
            { title: t('behind'), dataIndex: 'behind', width: 90, align: 'right', render: (behind: number) => (behind ? <span className="wait number">{behind >= 1000 ? '1000+' : behind}</span> : <span className="quiet">0</span>) },
            { title: t('attempts'), dataIndex: 'attempts', width: 85, align: 'right', className: 'number' },
            { title: t('since'), dataIndex: 'parked_at', width: 120, render: (at: string) => <When at={at} /> },
          ]}
        />
      )}
      {found.hasNextPage && (
        <div className="more">
          <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button>
        </div>
      )}
      <Drawer open={one.id !== undefined} onClose={one.close} size={720} title={t('one')} destroyOnHidden>
        {one.id !== undefined && <One key={one.id} id={Number(one.id)} may={may} redrive={redrive} drop={drop} />}
      </Drawer>
      {deed && <Bulk deed={deed} close={() => setDeed(undefined)} begun={() => { setDeed(undefined); say.done(t('all_begun')); refresh() }} />}
    </Panel>
  )
}
