import { AutoComplete, Button, DatePicker, Dropdown, Empty, Input, Select, Table } from 'antd'
import { DownloadOutlined } from '@ant-design/icons'
import { useInfiniteQuery } from '@tanstack/react-query'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { api, hub } from '../../api/client'
import { Code, pretty } from '../../parts/Code'
import { follow } from '../../parts/Export'
import { useWords } from '../../parts/Said'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { Chain } from './Chain'

const FILTERS = ['who', 'action', 'subject', 'since', 'until'] as const
type Filter = Partial<Record<(typeof FILTERS)[number], string>>

/** Who did what, from where, and when. Each entry holds the one before, so that tampering shows. */
export function Audit() {
  const { t } = useTranslation('settings')
  const words = useWords()
  const [params, setParams] = useSearchParams()
  const filter = Object.fromEntries(FILTERS.flatMap((name) => (params.get(name) ? [[name, params.get(name)!]] : []))) as Filter
  const set = (changes: Record<string, string | undefined>) => {
    const next = new URLSearchParams(params)
    for (const [name, to] of Object.entries(changes)) to ? next.set(name, to) : next.delete(name)
    setParams(next, { replace: true })
  }
  const found = useInfiniteQuery({
    queryKey: ['audit', filter],
    initialPageParam: undefined as number | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/audit', { params: { query: { ...filter, after: pageParam, limit: 50 } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const users = hub.useQuery('get', '/api/v1/users')
  const tokens = hub.useQuery('get', '/api/v1/tokens')
  const actions = hub.useQuery('get', '/api/v1/audit/actions')
  const people = [...(users.data?.items.map(({ user }) => user) ?? []), ...(tokens.data?.items.map(({ name }) => `token:${name}`) ?? [])]
  const entries = found.data?.pages.flatMap((page) => page.items) ?? []
  const filtered = Object.keys(filter).length > 0
  const file = (format: string) => `/api/v1/audit/export?${new URLSearchParams({ ...filter, format })}`
  return (
    <div className="stack">
      <div className="row between" style={{ alignItems: 'start' }}>
        <Chain />
        <Dropdown menu={{ items: [['csv', 'CSV'], ['ndjson', 'JSON Lines']].map(([format, name]) => ({ key: format!, label: <a href={file(format!)} download>{name}</a> })), onClick: follow }} trigger={['click']}>
          <Button icon={<DownloadOutlined />}>{t(filtered ? 'export_these' : 'export_all')}</Button>
        </Dropdown>
      </div>
      <div className="audit-filters">
        <AutoComplete
          key={`who ${filter.who}`}
          allowClear
          defaultValue={filter.who}
          options={people.map((value) => ({ value }))}
          showSearch={{ filterOption: (typed, option) => option!.value.includes(typed.toLowerCase()) }}
          onSelect={(who: string) => set({ who })}
          onClear={() => set({ who: undefined })}
        >
          <Input placeholder={t('who')} aria-label={t('who_filter')} onPressEnter={({ currentTarget }) => set({ who: currentTarget.value.trim() || undefined })} onBlur={({ target }) => set({ who: target.value.trim() || undefined })} />
        </AutoComplete>
        <Select
          allowClear
          showSearch={{ optionFilterProp: 'said' }}
          popupMatchSelectWidth={false}
          placeholder={t('action')}
          aria-label={t('action_filter')}
          value={filter.action}
          onChange={(action?: string) => set({ action })}
          options={useChoices(actions.data?.items ?? [], filter.action)}
        />
        <Input
          key={`subject ${filter.subject}`}
          allowClear
          defaultValue={filter.subject}
          placeholder={t('subject')}
          aria-label={t('subject_filter')}
          onPressEnter={({ currentTarget }) => set({ subject: currentTarget.value.trim() || undefined })}
          onBlur={({ target }) => set({ subject: target.value.trim() || undefined })}
          onClear={() => set({ subject: undefined })}
        />
        <DatePicker.RangePicker
          showTime={{ format: 'HH:mm' }}
          format="YYYY-MM-DD HH:mm"
          allowEmpty={[true, true]}
          placeholder={[t('since_time'), t('until_time')]}
          value={[filter.since ? dayjs(filter.since) : null, filter.until ? dayjs(filter.until) : null]}
          onChange={(range) => set({ since: range?.[0]?.toISOString(), until: range?.[1]?.toISOString() })}
        />
        {filtered && <Button type="link" onClick={() => set(Object.fromEntries(FILTERS.map((name) => [name, undefined])))}>{t('act.reset', { ns: 'common' })}</Button>}
      </div>
      {found.error ? (
        <Trouble error={found.error} again={() => found.refetch()} />
      ) : (
        <Table
          size="small"
          rowKey="position"
          loading={found.isPending}
          pagination={false}
          scroll={{ x: 860 }}
          dataSource={entries}
          locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t(filtered ? 'no_such_entries' : 'no_entries')} /> }}
          expandable={{ expandedRowRender: (entry) => <Code label={t('detail')} text={pretty({ position: entry.position, via: entry.via, detail: entry.detail, previous: entry.previous, hash: entry.hash })} /> }}
          columns={[
            { title: t('when'), dataIndex: 'at', width: 160, render: (at: string) => <When at={at} exact /> },
            { title: t('who'), dataIndex: 'who', render: (who: string) => <button type="button" className="linkish" title={t('only_these')} onClick={() => set({ who })}>{who}</button> },
            { title: t('action'), dataIndex: 'action', render: (action: string) => <Deed action={action} choose={() => set({ action })} /> },
            { title: t('subject'), dataIndex: 'subject', render: (subject?: string) => subject && <button type="button" className="linkish mono" title={t('only_these')} onClick={() => set({ subject })}>{subject}</button> },
            { title: t('outcome'), dataIndex: 'outcome', render: (outcome: string) => (outcome === 'done' ? <State state="done" label={t('went_well')} /> : <State state="refused" title={outcome} label={words(outcome)} />) },
            { title: t('origin'), dataIndex: 'origin', render: (origin?: string) => <span className="mono">{origin}</span> },
          ]}
        />
      )}
      {found.hasNextPage && <div className="more"><Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button></div>}
    </div>
  )
}

/** What was done, in words and as the trail calls it. */
function Deed({ action, choose }: { action: string; choose: () => void }) {
  const { t } = useTranslation('settings')
  return (
    <span className="two-lines">
      <button type="button" className="linkish" title={t('only_these')} onClick={choose}>{t(`did.${action}`, { defaultValue: action })}</button>
      <span className="quiet mono small">{action}</span>
    </span>
  )
}

/** Actions to choose from, by their kinds, each of which may be chosen as a whole. */
function useChoices(actions: string[], chosen?: string) {
  const { t } = useTranslation('settings')
  const known = chosen && !chosen.endsWith('.') && !actions.includes(chosen) ? [...actions, chosen] : actions
  const kinds = [...new Set(known.map((action) => action.slice(0, action.indexOf('.') + 1)))].sort()
  return kinds.map((kind) => {
    const name = t(`kind.${kind.slice(0, -1)}`, { defaultValue: kind })
    const one = (action: string) => {
      const label = t(`did.${action}`, { defaultValue: action })
      return { value: action, label, said: `${label} ${action}` }
    }
    const of = known.filter((action) => action.startsWith(kind)).map(one)
    const all = { value: kind, label: t('all_of', { kind: name }), said: `${name} ${kind}` }
    return { label: name, title: kind, options: of.length > 1 ? [all, ...of] : of }
  })
}
