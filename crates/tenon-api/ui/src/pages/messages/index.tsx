import { Button, DatePicker, Empty, Input, Select, Space, Switch, Table } from 'antd'
import { SearchOutlined } from '@ant-design/icons'
import { useInfiniteQuery } from '@tanstack/react-query'
import dayjs from 'dayjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { hub } from '../../api/client'
import { Export } from '../../parts/Export'
import { PageHead, Panel } from '../../parts/PageHead'
import { State } from '../../parts/State'
import { Targets } from './Targets'
import { fileOf, ofDeliveries, search, type Asked } from './search'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'
import { Saved } from './Saved'
import './messages.css'

/** How a message stands in the hub. */
const STATES = ['routed', 'unchanged', 'filtered', 'invalid', 'done', 'refused', 'dropped']
/** How it stands at a target. */
const DELIVERIES = ['delivered', 'unchanged', 'superseded', 'filtered', 'parked', 'dropped']
/** Before the latter, where both stand in one list. */
const AT_TARGET = 'at:'
const ENTITIES = ['customer', 'order', 'invoice', 'item', 'bom', 'inventory', 'shipment', 'receipt', 'opportunity', 'case', 'approval', 'engineering_change', 'sell_out', 'supply_plan', 'requisition', 'purchase_order', 'interaction', 'document']

/** Ranges that end now, in minutes. */
const LAST: Record<string, number> = { '15m': 15, '1h': 60, '1d': 24 * 60, '7d': 7 * 24 * 60 }
/** How often the first page is asked for anew. */
const EVERY = 1_500

/** What the hub carried: by key, by text, by anything that is known of it. */
export default function Messages() {
  // Bodies are searched as they are: who may not see personal values would find them out.
  const mayReveal = useMay('reveal')
  const { t } = useTranslation('messages')
  const navigate = useNavigate()
  const [params, setParams] = useSearchParams()
  const connectors = hub.useQuery('get', '/api/v1/connectors')
  const value = (name: string) => params.get(name) || undefined
  const set = (changes: Record<string, string | undefined>) => {
    const next = new URLSearchParams(params)
    for (const [name, to] of Object.entries(changes)) to ? next.set(name, to) : next.delete(name)
    setParams(next, { replace: true })
  }
  const last = Object.keys(LAST).find((range) => range === value('last'))
  const since = last ? undefined : value('since')
  const until = last ? undefined : value('until')
  const asked: Asked = {
    key: value('key'), text: value('text'), source: value('source'), target: value('target'), entity: value('entity'),
    state: value('state'), delivery: value('delivery'), since, until,
  }
  const { key, text } = asked
  const deliveries = ofDeliveries(asked)
  const [paused, setPaused] = useState(false)
  // Nothing new comes into a range that has ended, and a search for text is too much to do all the time.
  const lives = !text && !until
  /** With a range that ends now told as a time. */
  const ranged = () => (last ? { ...asked, since: dayjs().subtract(LAST[last]!, 'minute').toISOString() } : asked)
  const found = useInfiniteQuery({
    queryKey: ['messages', asked, last],
    initialPageParam: undefined as string | number | undefined,
    queryFn: ({ pageParam }) => search(ranged(), pageParam),
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: ({ state }) => lives && !paused && (state.data?.pages.length ?? 0) <= 1 && EVERY,
  })
  const further = (found.data?.pages.length ?? 0) > 1
  const items = found.data?.pages.flatMap((page) => page.items) ?? []
  const choices = (values: string[], prefix: string) => values.map((one) => ({ value: one, label: t(`${prefix}.${one}`, { ns: 'common', defaultValue: one }) }))
  const systems = (connectors.data ?? []).map(({ name }) => ({ value: name, label: name }))
  return (
    <div className="page">
      <PageHead title={t('title')} text={t('text')} />
      <Panel flush>
        <div className="toolbar">
          <Space.Compact style={{ flex: '1 1 340px', maxWidth: 520 }}>
          <Select
            aria-label={t('by')}
            value={text ? 'text' : (value('by') ?? 'key')}
            options={(mayReveal ? ['key', 'text'] : ['key']).map((by) => ({ value: by, label: t(`by_${by}`) }))}
            onChange={(by) => set({ by, key: undefined, text: undefined })}
            popupMatchSelectWidth={false}
          />
          <Input.Search
            key={key ?? text ?? ''}
            placeholder={t('search')}
            aria-label={t('search')}
            defaultValue={key ?? text}
            allowClear
            enterButton={<SearchOutlined aria-label={t('act.search', { ns: 'common' })} />}
            onSearch={(typed) => {
              const wanted = typed.trim() || undefined
              const byText = text !== undefined || value('by') === 'text'
              set(byText ? { text: wanted, by: 'text', key: undefined } : { key: wanted, text: undefined })
            }}
          />
          </Space.Compact>
          <Select allowClear style={{ minWidth: 120 }} placeholder={t('system')} aria-label={t('system')} value={asked.source} onChange={(source) => set({ source })} options={systems} />
          <Select allowClear style={{ minWidth: 120 }} placeholder={t('target')} aria-label={t('target')} value={asked.target} onChange={(target) => set({ target, state: target && undefined })} options={systems} />
          <Select allowClear showSearch={{ optionFilterProp: 'label' }} style={{ minWidth: 130 }} placeholder={t('entity')} aria-label={t('entity')} value={asked.entity} onChange={(entity) => set({ entity })} options={choices(ENTITIES, 'entity')} />
          <Select
            allowClear
            style={{ minWidth: 130 }}
            popupMatchSelectWidth={false}
            placeholder={t('state')}
            aria-label={t('state')}
            value={asked.delivery ? AT_TARGET + asked.delivery : asked.state}
            onChange={(state?: string) => set(state?.startsWith(AT_TARGET) ? { delivery: state.slice(AT_TARGET.length), state: undefined } : { state, delivery: undefined })}
            options={[
              // What goes to a target was routed: there is nothing to choose.
              ...(asked.target ? [] : [{ label: t('in_hub'), options: choices(STATES, 'state') }]),
              { label: t('at_target'), options: choices(DELIVERIES, 'state').map((choice) => ({ ...choice, value: AT_TARGET + choice.value })) },
            ]}
          />
          <Select allowClear style={{ minWidth: 130 }} placeholder={t('last')} aria-label={t('last')} value={last} onChange={(range) => set({ last: range, since: undefined, until: undefined })} options={Object.keys(LAST).map((range) => ({ value: range, label: t(`range.${range}`) }))} />
          <DatePicker.RangePicker
            showTime={{ format: 'HH:mm' }}
            format="YYYY-MM-DD HH:mm"
            allowEmpty={[true, true]}
            placeholder={[t('since'), t('until')]}
            value={[since ? dayjs(since) : null, until ? dayjs(until) : null]}
            onChange={(range) => set({ last: undefined, since: range?.[0]?.toISOString(), until: range?.[1]?.toISOString() })}
          />
          {lives && (
            <label className="live-switch">
              <Switch size="small" checked={!paused && !further} disabled={further} onChange={(on) => setPaused(!on)} aria-label={t('live')} />
              <span className="quiet small">{further ? t('live_first') : paused ? t('live_paused') : t('live')}</span>
            </label>
          )}
          {!key && <Export href={(format) => fileOf(ranged(), format)} most={10_000} />}
          <Saved query={params.toString()} ask={(query) => setParams(new URLSearchParams(query))} />
        </div>
        {found.error ? (
          <Trouble error={found.error} again={() => found.refetch()} />
        ) : (
          <Table
            size="small"
            rowKey="row"
            loading={found.isPending}
            dataSource={items}
            pagination={false}
            scroll={{ x: 860 }}
            rowClassName="clickable"
            onRow={(message) => ({ onClick: () => navigate(`/trace/${message.id}`) })}
            locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={found.hasNextPage ? t('none_yet') : t('none')} /> }}
            columns={[
              { title: deliveries ? t('settled') : t('when'), dataIndex: 'at', width: 130, render: (at: string) => <When at={at} /> },
              { title: t('entity'), dataIndex: 'entity', width: 120, render: (entity: string) => t(`entity.${entity}`, { ns: 'common', defaultValue: entity }) },
              {
                title: t('key'),
                render: (_, message) => (
                  <Link to={`/trace/${encodeURIComponent(message.id)}`} className="mono" onClick={(event) => event.stopPropagation()}>
                    {message.key}
                  </Link>
                ),
              },
              { title: t('way'), render: (_, message) => <Targets {...message} /> },
              { title: deliveries ? t('at_target') : t('state'), dataIndex: 'state', width: 140, render: (state: string) => <State state={state} /> },
              { title: deliveries ? t('answer') : t('detail'), dataIndex: 'detail', ellipsis: true, render: (detail: string | null) => detail && <span className="quiet small">{detail}</span> },
            ]}
          />
        )}
        {found.hasNextPage && (
          <div className="more">
            <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
              {items.length % 50 === 0 ? t('act.more', { ns: 'common' }) : t('search_on')}
            </Button>
          </div>
        )}
      </Panel>
    </div>
  )
}
