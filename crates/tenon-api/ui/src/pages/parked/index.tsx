import { Button, Drawer, Empty, Skeleton, Table } from 'antd'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api, hub, type Schemas } from '../../api/client'
import { useAskWhy, useSay } from '../../parts/ask'
import { useFormat } from '../../parts/format'
import { PageHead, Panel } from '../../parts/PageHead'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'
import { Corrections } from './Corrections'
import { One } from './One'
import { Redrives } from './Redrives'

type Group = Schemas['GroupView']

/** What waits: in groups by its reason, each message with what a redrive would do, and what can be done. */
export default function Parked() {
  const { t } = useTranslation('parked')
  const { number } = useFormat()
  const [params, setParams] = useSearchParams()
  const value = (name: string) => params.get(name) || undefined
  const groups = hub.useQuery('get', '/api/v1/parked/groups', {}, { refetchInterval: 3_000 })
  if (groups.error) return <Trouble error={groups.error} again={() => groups.refetch()} />
  if (!groups.data) return <Skeleton active className="page" />
  const rank = ['failed', 'retry', 'waiting', 'due', 'behind']
  const shown = groups.data
    .filter((group) => (!value('system') || group.system === value('system')) && (!value('state') || group.state === value('state')))
    .sort((a, b) => rank.indexOf(a.state) - rank.indexOf(b.state) || b.count - a.count)
  const id = (group: Group) => [group.system, group.direction, group.state, group.code].join('|')
  const chosen = shown.find((group) => id(group) === value('group')) ?? shown[0]
  const open = (group: Group) => {
    const next = new URLSearchParams(params)
    next.set('group', id(group))
    setParams(next, { replace: true })
  }
  return (
    <div className="page">
      <PageHead
        title={t('title')}
        text={t('text')}
        tools={
          <>
            {(value('system') || value('state')) && <Button onClick={() => setParams({})}>{t('all')}</Button>}
            <Link to="/dead-letters">{t('nav.dead_letters', { ns: 'common' })}</Link>
          </>
        }
      />
      <div className="stack">
        <Corrections />
        <Redrives />
        {shown.length === 0 ? (
          <div className="panel" style={{ padding: 56 }}>
            <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('nothing')} />
          </div>
        ) : (
          <>
            <Panel title={t('groups')} flush>
              <Table
                size="small"
                rowKey={id}
                dataSource={shown}
                pagination={false}
                scroll={{ x: 720 }}
                rowClassName={(group) => (group === chosen ? 'ant-table-row-selected clickable' : 'clickable')}
                onRow={(group) => ({ onClick: () => open(group) })}
                columns={[
                  { title: t('state'), dataIndex: 'state', width: 190, render: (state: string) => <State state={state} label={t(`parked_state.${state}`, { ns: 'common' })} /> },
                  {
                    title: t('reason'),
                    dataIndex: 'code',
                    render: (code: string, group) => (
                      <button type="button" className="linkish" onClick={() => open(group)}>
                        {t([`code.${code.replaceAll('.', '_')}`, 'code.other'], { code })}
                      </button>
                    ),
                  },
                  { title: t('way'), render: (_, group) => (group.direction === 'inbound' ? t('from', { system: group.system }) : t('to', { system: group.system })) },
                  { title: t('oldest'), dataIndex: 'oldest', width: 140, render: (at: string) => <When at={at} /> },
                  { title: t('count'), dataIndex: 'count', width: 90, align: 'right', render: (count: number) => <b className="number">{number(count)}</b> },
                ]}
              />
            </Panel>
            {chosen && <Waiting key={id(chosen)} group={chosen} />}
          </>
        )}
      </div>
    </div>
  )
}

function Waiting({ group }: { group: Group }) {
  const { t } = useTranslation('parked')
  const queries = useQueryClient()
  const askWhy = useAskWhy()
  const say = useSay()
  const may = useMay('operate')
  const { number } = useFormat()
  const [picked, setPicked] = useState<number[]>([])
  const [looking, setLooking] = useState<number>()
  const query = { system: group.system, reason: group.code, state: group.state, direction: group.direction }
  const found = useInfiniteQuery({
    queryKey: ['parked', query],
    initialPageParam: undefined as number | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/parked', { params: { query: { ...query, after: pageParam, limit: 100 } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const items = found.data?.pages.flatMap((page) => page.items).filter((item) => item.code === group.code) ?? []
  const refresh = () => {
    setPicked([])
    setLooking(undefined)
    void queries.invalidateQueries()
  }
  async function redrive(ids: number[]) {
    try {
      const { data } = await api.POST('/api/v1/parked/redrive', { body: { ids } })
      say.done(t('redriven', { count: data!.sent }) + (data!.superseded.length ? ` ${t('superseded', { count: data!.superseded.length })}` : ''))
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
      refresh()
    } catch (error) {
      say.failed(error)
    }
  }
  /** All of the group, also those that are not shown: a node works them off. */
  async function redriveAll() {
    const because = await askWhy(t('all_title', { count: group.count }), t('all_text'), { required: true, ok: t('redrive') })
    if (!because) return
    try {
      await api.POST('/api/v1/redrives', { body: { selection: query as never, because } })
      say.done(t('all_begun'))
      refresh()
    } catch (error) {
      say.failed(error)
    }
  }
  return (
    <Panel
      title={t('messages')}
      flush
      tools={
        may && (
          <>
            {group.count > 1 && <Button onClick={() => void redriveAll()}>{t('all_again', { number: number(group.count) })}</Button>}
            <Button disabled={!picked.length} type="primary" onClick={() => void redrive(picked)}>
              {picked.length ? t('redrive_count', { count: picked.length }) : t('redrive')}
            </Button>
            <Button disabled={!picked.length} danger onClick={() => void drop(picked)}>
              {t('drop')}
            </Button>
          </>
        )
      }
    >
      {found.error ? (
        <Trouble error={found.error} />
      ) : (
        <Table
          size="small"
          rowKey="id"
          loading={found.isPending}
          dataSource={items}
          pagination={false}
          scroll={{ x: 820 }}
          rowClassName="clickable"
          rowSelection={may ? { selectedRowKeys: picked, onChange: (keys) => setPicked(keys as number[]), getCheckboxProps: (item) => ({ 'aria-label': t('pick', { id: item.id }) }) as object, getTitleCheckboxProps: () => ({ 'aria-label': t('pick_all') }) as object } : undefined}
          onRow={(item) => ({ onClick: () => setLooking(item.id) })}
          columns={[
            { title: t('record'), width: 230, render: (_, item) => <button type="button" className="linkish mono" onClick={() => setLooking(item.id)}>{item.native_id ?? item.message_id}</button> },
            { title: t('entity'), dataIndex: 'entity', width: 110, render: (entity: string) => t(`entity.${entity}`, { ns: 'common', defaultValue: entity }) },
            { title: t('why_waits'), dataIndex: 'reason', width: '42%', render: (reason: string) => <span className="break">{reason}</span> },
            { title: t('behind'), dataIndex: 'behind', width: 90, align: 'right', render: (behind: number) => (behind ? <span className="wait number">{behind >= 1000 ? '1000+' : behind}</span> : <span className="quiet">0</span>) },
            { title: t('attempts'), dataIndex: 'attempts', width: 90, align: 'right', className: 'number' },
            { title: t('since'), dataIndex: 'parked_at', width: 130, render: (at: string) => <When at={at} /> },
          ]}
        />
      )}
      {found.hasNextPage && (
        <div className="more">
          <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button>
        </div>
      )}
      <Drawer open={looking !== undefined} onClose={() => setLooking(undefined)} size={720} title={t('one')} destroyOnHidden>
        {looking !== undefined && <One id={looking} may={may} redrive={redrive} drop={drop} />}
      </Drawer>
    </Panel>
  )
}
