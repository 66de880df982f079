import { SearchOutlined } from '@ant-design/icons'
import { Drawer, Empty, Input, Skeleton, Table, Tag, type Breakpoint } from 'antd'
import { keepPreviousData } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { hub, type Schemas } from '../../api/client'
import { Export } from '../../parts/Export'
import { useFormat } from '../../parts/format'
import { Matters } from '../../parts/Matters'
import { PageHead, Panel } from '../../parts/PageHead'
import { Quantity } from '../../parts/Quantity'
import { State, toneOf } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { Ground } from './Ground'
import './cover.css'

type Row = Schemas['CoverView']

const RISKS = ['stock_out', 'cover', 'reorder_point']
const STANDINGS = [...RISKS, 'stale', 'unknown', 'enough']
const PAGE = 50
/** On which screens there is room for what matters less. */
const ROOMY: Breakpoint[] = ['lg']
const WIDE: Breakpoint[] = ['xxl']
/** Days that fill the bar beside how long stock lasts. */
const LONG = 30

/** How long what dealers have lasts, and who may run out of what. */
export default function Cover() {
  const { t } = useTranslation('cover')
  const { number } = useFormat()
  const [query, setQuery] = useSearchParams()
  const value = (name: string) => query.get(name) || undefined
  const change = (changes: Record<string, string | undefined>, keep = false) => {
    // As the address is now: what was drawn may be older than what somebody clicked.
    const next = new URLSearchParams(window.location.search)
    if (!keep) next.delete('page')
    for (const [name, to] of Object.entries(changes)) to ? next.set(name, to) : next.delete(name)
    setQuery(next)
  }
  const standing = value('standing') ?? 'all'
  const sort = value('sort') ?? 'needed_on'
  const page = Number(value('page') ?? '1')
  const asked = {
    dealer: value('dealer'), item: value('item'), text: value('q'), sort,
    ...(standing === 'risk' ? { risk: true } : standing === 'all' ? {} : { standing }),
  }
  const found = hub.useQuery(
    'get', '/api/v1/insight/cover', { params: { query: { ...asked, after: (page - 1) * PAGE, limit: PAGE } } },
    { refetchInterval: 30_000, placeholderData: keepPreviousData },
  )
  const file = (format: string) => {
    const told = Object.entries({ ...asked, format }).filter(([, value]) => value !== undefined)
    return `/api/v1/insight/cover/export?${new URLSearchParams(told.map(([name, value]) => [name, String(value)]))}`
  }
  const [dealer, item] = value('open')?.split('/') ?? []
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active className="page" />
  const { items, total, standings } = found.data
  const count = (...kinds: string[]) => kinds.reduce((sum, kind) => sum + (standings[kind] ?? 0), 0)
  const [first] = items
  const quantity = (key: 'available' | 'in_transit') => ({
    title: t(key),
    key,
    align: 'right' as const,
    render: (_: unknown, row: Row) => <Quantity value={row[key]} unit={key === 'available' ? row.unit : undefined} />,
  })
  const sorted = <C extends { key: string }>(column: C) => ({
    ...column,
    sorter: true,
    showSorterTooltip: false,
    sortOrder: sort === column.key ? ('ascend' as const) : sort === `-${column.key}` ? ('descend' as const) : null,
  })
  return (
    <div className="page stack">
      <PageHead title={t('title')} text={t('text')} tools={<Export href={file} />} />
      <Matters
        chosen={standing}
        choose={(standing) => change({ standing: standing === 'all' ? undefined : standing })}
        matters={[
          { key: 'risk', label: t('risk'), count: number(count(...RISKS)), tone: count(...RISKS) ? 'bad' : 'good' },
          ...STANDINGS.map((kind) => ({ key: kind, label: t(`standing.${kind}`), count: number(count(kind)), tone: count(kind) ? toneOf(kind) : undefined })),
          { key: 'all', label: t('all'), count: number(count(...STANDINGS)) },
        ]}
      />
      <Panel flush>
        <div className="toolbar">
          <Input.Search
            key={asked.text ?? ''}
            style={{ flex: '1 1 280px', maxWidth: 460 }}
            allowClear
            defaultValue={asked.text}
            placeholder={t('search')}
            aria-label={t('search')}
            enterButton={<SearchOutlined aria-label={t('act.search', { ns: 'common' })} />}
            onSearch={(typed) => change({ q: typed.trim() })}
          />
          {asked.dealer && <Tag closable onClose={() => change({ dealer: undefined })}>{t('dealer')}: {first?.dealer_name ?? first?.dealer_code ?? '–'}</Tag>}
          {asked.item && <Tag closable onClose={() => change({ item: undefined })}>{t('item')}: {first?.item_code ?? '–'}</Tag>}
        </div>
        <Table<Row>
          size="small"
          rowKey={(row) => `${row.dealer}/${row.item}`}
          scroll={{ x: 720 }}
          rowClassName="clickable"
          onRow={(row) => ({ onClick: () => change({ open: `${row.dealer}/${row.item}` }, true) })}
          locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={asked.text || standing !== 'all' ? t('none_here') : t('none_yet')} /> }}
          dataSource={items}
          pagination={{ current: page, pageSize: PAGE, total, hideOnSinglePage: true, showSizeChanger: false }}
          onChange={(pages, _, sorter) => {
            const { columnKey, order } = Array.isArray(sorter) ? sorter[0]! : sorter
            const by = order ? `${order === 'descend' ? '-' : ''}${String(columnKey)}` : undefined
            change({ sort: by === 'needed_on' ? undefined : by, page: by === value('sort') && pages.current! > 1 ? String(pages.current) : undefined }, true)
          }}
          columns={[
            sorted({
              title: t('dealer'),
              key: 'dealer',
              width: '21%',
              render: (_: unknown, row: Row) => (
                <>
                  <button type="button" className="linkish">{row.dealer_name ?? row.dealer_code ?? row.dealer}</button>
                  <div className="quiet small mono">{row.dealer_code}</div>
                </>
              ),
            }),
            sorted({
              title: t('item'),
              key: 'item',
              width: '19%',
              render: (_: unknown, row: Row) => (
                <>
                  <span className="mono">{row.item_code ?? row.item}</span>
                  <div className="quiet small">{row.item_name}</div>
                </>
              ),
            }),
            { title: t('stands'), key: 'standing', render: (_: unknown, row: Row) => <State state={row.standing} label={t(`standing.${row.standing}`)} /> },
            sorted(quantity('available')),
            sorted({ ...quantity('in_transit'), responsive: WIDE }),
            sorted({ title: t('per_day'), key: 'per_day', responsive: ROOMY, align: 'right' as const, render: (_: unknown, row: Row) => <Quantity value={row.per_day} /> }),
            sorted({ title: t('lasts'), key: 'days', width: 130, render: (_: unknown, row: Row) => <Lasts row={row} /> }),
            sorted({ title: t('needed'), key: 'needed', align: 'right' as const, render: (_: unknown, row: Row) => (row.needed === '0' ? <span className="quiet">–</span> : <b><Quantity value={row.needed} /></b>) }),
            sorted({ title: t('needed_on'), key: 'needed_on', className: 'number', render: (_: unknown, row: Row) => row.needed_on ?? <span className="quiet">–</span> }),
            sorted({ title: t('counted_on'), key: 'counted_on', responsive: WIDE, className: 'number', render: (_: unknown, row: Row) => row.counted_on }),
          ]}
        />
      </Panel>
      <Drawer open={Boolean(dealer && item)} onClose={() => change({ open: undefined }, true)} size={620} title={t('ground')} destroyOnHidden>
        {dealer && item && <Ground dealer={dealer} item={item} only={(filter) => change({ dealer: undefined, item: undefined, standing: undefined, q: undefined, open: undefined, ...filter })} />}
      </Drawer>
    </div>
  )
}

/** Days, and a bar that is full at a month. */
function Lasts({ row }: { row: Row }) {
  const { t } = useTranslation('cover')
  const { number } = useFormat()
  if (row.days == null) return <span className="quiet">–</span>
  const days = Number(row.days)
  return (
    <span className="lasts">
      <span className="number">{t('days', { count: days, number: number(days) })}</span>
      <span className={`lasts-bar ${toneOf(row.standing)}`} aria-hidden="true">
        <i style={{ width: `${Math.min(100, Math.max(0, days / LONG) * 100)}%` }} />
      </span>
    </span>
  )
}
