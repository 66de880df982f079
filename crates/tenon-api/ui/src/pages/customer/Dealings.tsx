import { Empty, Table, Tabs, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { hub, type Schemas } from '../../api/client'
import { money } from '../../parts/money'
import { Figure, Panel } from '../../parts/PageHead'
import { Stock } from './Stock'

type Paper = Schemas['PaperView']

const KINDS = ['order', 'shipment', 'invoice', 'receipt', 'opportunity', 'case', 'interaction'] as const
const HINTS_SHOWN = 8
/** The most of a kind that the hub lists. */
const LATEST = 20

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
  const kinds = KINDS.filter((kind) => documents[kind]?.length)
  const at = (key: string) => hints?.columns.findIndex((column) => column.key === key) ?? -1
  return (
    <>
      <Panel title={t('dealings')} flush tools={documents.order?.length ? <Link to={`/reconciliation?customer=${id}`}>{t('all_orders')}</Link> : undefined}>
        {kinds.length === 0 ? (
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('no_dealings')} style={{ padding: 24 }} />
        ) : (
          <Tabs
            style={{ padding: '0 18px' }}
            items={kinds.map((kind) => ({
              key: kind,
              label: `${t(`entity.${kind}`, { ns: 'common' })} ${documents[kind]!.length}${documents[kind]!.length < LATEST ? '' : '+'}`,
              children: <Papers papers={documents[kind]!} />,
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

/** Documents of one kind, the latest first. */
function Papers({ papers }: { papers: Paper[] }) {
  const { t } = useTranslation('customer')
  return (
    <Table
      size="small"
      rowKey="id"
      scroll={{ x: 560 }}
      pagination={{ pageSize: 10, hideOnSinglePage: true }}
      dataSource={papers}
      columns={[
        { title: t('paper'), render: (_, paper) => <Link className="mono" to={`/trace/${encodeURIComponent(paper.number)}`}>{paper.number}</Link> },
        { title: t('when'), dataIndex: 'day', width: 120, className: 'number', render: (day?: string | null) => day ?? '–' },
        { title: t('state'), render: (_, paper) => [paper.outcome, paper.status].filter((word, at) => word && (at === 1 || word !== 'open')).map((word) => t(`word.${word}`, { defaultValue: word! })).join(' · ') },
        ...(papers.some((paper) => paper.subject) ? [{ title: t('subject'), render: (_: unknown, paper: Paper) => <span className="break">{paper.subject}</span> }] : []),
        ...(papers.some((paper) => paper.amount)
          ? [{ title: t('amount'), align: 'right' as const, render: (_: unknown, paper: Paper) => (paper.amount ? <span className="number nowrap">{money(paper.amount)} <span className="quiet small">{paper.currency}</span></span> : '–') }]
          : []),
      ]}
    />
  )
}
