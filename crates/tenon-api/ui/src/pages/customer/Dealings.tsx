import { Empty, Tabs, Tag } from 'antd'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, hub, type Schemas } from '../../api/client'
import { money } from '../../parts/money'
import { Figure, Panel } from '../../parts/PageHead'
import { Papers } from '../../parts/Papers'
import { Trouble } from '../../parts/Trouble'
import { Stock } from './Stock'

const KINDS = ['order', 'shipment', 'invoice', 'receipt', 'opportunity', 'case', 'interaction'] as const
const HINTS_SHOWN = 8

const useFigures = (id: string) => hub.useQuery('get', '/api/v1/insight/customers/{id}', { params: { path: { id } } }, { retry: 1 })

/** What a customer is worth to us, in a few numbers; nothing where no figures are made of it yet. */
export function Worth({ id }: { id: string }) {
  const { t } = useTranslation('customer')
  const found = useFigures(id)
  if (!found.data) return null
  const { totals, grading } = found.data
  const named = (grade: string) => t(`grade_name.${grade}`, { defaultValue: grade })
  return (
    <div className="figures">
      <Figure
        label={t('field.grade')}
        value={grading?.grade ? named(grading.grade) : '–'}
        note={grading?.proposed ? <Link to="/grades">{t('proposed', { grade: named(grading.proposed) })}</Link> : t('score', { score: grading?.score ?? '–' })}
      />
      {totals.map((sum) => (
        <Figure key={`ordered ${sum.currency}`} label={t('ordered', { currency: sum.currency })} value={money(sum.ordered)} note={t('orders', { count: Number(sum.orders) })} />
      ))}
      {totals.map((sum) => (
        <Figure key={`billed ${sum.currency}`} label={t('billed', { currency: sum.currency })} value={money(sum.billed)} note={t('received', { amount: money(sum.received) })} />
      ))}
      {totals.filter((sum) => Number(sum.open) > 0).map((sum) => (
        <Figure key={`open ${sum.currency}`} tone="wait" label={t('open', { currency: sum.currency })} value={money(sum.open)} />
      ))}
    </div>
  )
}

/** The latest papers between a customer and us, and what it may want as well. */
export function Dealings({ id }: { id: string }) {
  const { t } = useTranslation('customer')
  const found = useFigures(id)
  if (!found.data) return null
  const { documents, hints } = found.data
  const kinds = KINDS.filter((kind) => documents[kind]?.items.length)
  const at = (key: string) => hints?.columns.findIndex((column) => column.key === key) ?? -1
  return (
    <>
      <Panel title={t('dealings')} flush tools={documents.order?.items.length ? <Link to={`/reconciliation?customer=${id}`}>{t('all_orders')}</Link> : undefined}>
        {kinds.length === 0 ? (
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('no_dealings')} style={{ padding: 24 }} />
        ) : (
          <Tabs
            style={{ padding: '0 18px' }}
            items={kinds.map((kind) => ({
              key: kind,
              label: `${t(`entity.${kind}`, { ns: 'common' })} ${documents[kind]!.items.length}${documents[kind]!.next ? '+' : ''}`,
              children: <AllOf id={id} kind={kind} first={documents[kind]!} />,
            }))}
          />
        )}
      </Panel>
      <Stock dealer={id} />
      {hints && hints.rows.length > 0 && (
        <Panel title={t('hints')}>
          <p className="quiet small" style={{ marginTop: 0 }}>{t('hints_text')}</p>
          <div className="row">
            {(hints.rows as (string | null)[][]).slice(0, HINTS_SHOWN).map((row) => (
              <Tag key={row.join()}>{[row[at('item')], row[at('name')]].filter(Boolean).join(' ')} <b className="number">{row[at('customers')]}</b></Tag>
            ))}
          </div>
        </Panel>
      )}
    </>
  )
}

/** All documents of one kind, the latest first: more of them when somebody wants to see more. */
function AllOf({ id, kind, first }: { id: string; kind: string; first: Schemas['PapersPage'] }) {
  const further = useInfiniteQuery({
    queryKey: ['papers', id, kind, first.next],
    enabled: false,
    initialPageParam: first.next ?? undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/insight/documents', { params: { query: { entity: kind, customer: id, after: pageParam } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const papers = [...first.items, ...(further.data?.pages.flatMap((page) => page.items) ?? [])]
  const more = further.data ? further.hasNextPage : Boolean(first.next)
  if (further.error) return <Trouble error={further.error} again={() => further.fetchNextPage()} />
  return <Papers papers={papers} loading={further.isFetching} more={more ? () => void further.fetchNextPage() : undefined} />
}
