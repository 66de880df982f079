import { Button, Empty, Input, Select, Table } from 'antd'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api } from '../../api/client'
import { Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { useMay } from '../../session/session'
import { DecisionList } from './Decisions'
import { Grade, GRADES, nameOf, Parts, Rate, Score, type Graded } from './parts'

/** Milliseconds between two looks at the first page. */
const EVERY = 3_000

/** Every customer by its score, what it is made of, and what was decided of it. */
export function Scores() {
  const { t } = useTranslation('grades')
  const may = useMay('decide')
  const [query, setQuery] = useSearchParams()
  const [rating, setRating] = useState<Graded>()
  const value = (name: string) => query.get(name) || undefined
  const asked = { grade: value('grade'), owner: value('owner'), text: value('q') }
  const change = (changes: Record<string, string | undefined>) => {
    const next = new URLSearchParams(query)
    for (const [name, to] of Object.entries(changes)) to ? next.set(name, to) : next.delete(name)
    setQuery(next, { replace: true })
  }
  const found = useInfiniteQuery({
    queryKey: ['scores', asked],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/insight/customers', { params: { query: { ...asked, sort: '-score', after: pageParam, limit: 50 } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
    // Scores follow what is told of a customer; further pages stay as they are while somebody reads them.
    refetchInterval: ({ state }) => (state.data?.pages.length ?? 0) <= 1 && EVERY,
  })
  const rows = found.data?.pages.flatMap((page) => page.items) ?? []
  const filtered = Object.values(asked).some(Boolean)
  return (
    <Panel flush>
      <div className="toolbar">
        <Input.Search key={`q ${asked.text}`} allowClear defaultValue={asked.text} placeholder={t('find')} aria-label={t('find')} style={{ flex: '1 1 220px', maxWidth: 340 }} onSearch={(typed) => change({ q: typed.trim() || undefined })} />
        <Select allowClear style={{ minWidth: 150 }} placeholder={t('grade')} aria-label={t('of_grade')} value={asked.grade} onChange={(grade?: string) => change({ grade })} options={[...GRADES, 'none'].map((grade) => ({ value: grade, label: t(grade === 'none' ? 'no_grade' : `name.${grade}`) }))} />
        <Input.Search key={`owner ${asked.owner}`} allowClear defaultValue={asked.owner} placeholder={t('owner')} aria-label={t('of_owner')} style={{ width: 190 }} onSearch={(typed) => change({ owner: typed.trim() || undefined })} />
        {filtered && <Button type="link" onClick={() => change({ q: undefined, grade: undefined, owner: undefined })}>{t('act.reset', { ns: 'common' })}</Button>}
      </div>
      {found.error ? (
        <Trouble error={found.error} again={() => found.refetch()} />
      ) : (
        <Table<Graded>
          size="small"
          rowKey="id"
          loading={found.isPending}
          pagination={false}
          scroll={{ x: 'max-content' }}
          dataSource={rows}
          locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t(filtered ? 'no_such_scores' : 'no_scores')} /> }}
          expandable={{
            expandedRowRender: (row) => (
              <div className="score-detail">
                <section><h3 className="label">{t('made_of')}</h3><Parts parts={row.parts} /></section>
                <section><h3 className="label">{t('tab.decisions')}</h3><DecisionList customer={row.id} /></section>
              </div>
            ),
          }}
          columns={[
            { title: t('customer'), render: (_, row) => <span className="two-lines"><Link className="customer" to={`/customers/${row.id}`}>{nameOf(row)}</Link>{row.name && row.code && <span className="quiet mono small">{row.code}</span>}</span> },
            { title: t('owner'), responsive: ['md'], render: (_, { owner }) => (owner ? <button type="button" className="linkish" title={t('only_these')} onClick={() => change({ owner })}>{owner}</button> : '–') },
            { title: t('score'), width: 150, render: (_, row) => <Score of={row} /> },
            { title: t('has'), render: (_, row) => <span className="two-lines"><span><Grade name={row.grade} /></span>{row.cooperation != null && <span className="only-small quiet small">{t('part.cooperation')} {row.cooperation}</span>}</span> },
            { title: t('proposed'), responsive: ['md'], render: (_, row) => <Grade name={row.proposed} /> },
            { title: t('part.cooperation'), responsive: ['md'], align: 'right', render: (_, { cooperation }) => <span className={cooperation == null ? 'quiet' : 'number'}>{cooperation ?? t('not_rated')}</span> },
            { key: 'rate', align: 'right', render: (_, row) => may && <Button size="small" aria-label={t('rate_of', { name: nameOf(row) })} onClick={() => setRating(row)}>{t('rate')}</Button> },
          ]}
        />
      )}
      {found.hasNextPage && <div className="more"><Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button></div>}
      {rating && <Rate of={rating} done={() => setRating(undefined)} />}
    </Panel>
  )
}
