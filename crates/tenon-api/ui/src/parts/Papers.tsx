import { Button, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Schemas } from '../api/client'
import { money } from './money'

type Paper = Schemas['PaperView']

type PapersProps = {
  papers: Paper[]
  /** Whether it is told whose they are. */
  whose?: boolean
  /** Shows more, where there are more. */
  more?: () => void
  loading?: boolean
}

/** Documents of one kind, the latest first. */
export function Papers({ papers, whose, more, loading }: PapersProps) {
  const { t } = useTranslation('customer')
  return (
    <>
      <Table
        size="small"
        rowKey="id"
        scroll={{ x: 560 }}
        pagination={false}
        loading={loading && papers.length === 0}
        dataSource={papers}
        locale={{ emptyText: t('none', { ns: 'common' }) }}
        columns={[
          { title: t('paper'), render: (_, paper) => <Link className="mono" to={`/trace/${encodeURIComponent(paper.number)}`}>{paper.number}</Link> },
          ...(whose ? [{ title: t('customer', { ns: 'grades' }), render: (_: unknown, paper: Paper) => (paper.customer ? <Link to={`/customers/${paper.customer}`}>{paper.customer_name ?? paper.customer_code ?? paper.customer}</Link> : '–') }] : []),
          { title: t('when'), dataIndex: 'day', width: 120, className: 'number', render: (day?: string | null) => day ?? '–' },
          { title: t('state'), render: (_, paper) => [paper.outcome, paper.status].filter((word, at) => word && (at === 1 || word !== 'open')).map((word) => t(`word.${word}`, { defaultValue: word! })).join(' · ') },
          ...(papers.some((paper) => paper.subject) ? [{ title: t('subject'), render: (_: unknown, paper: Paper) => <span className="break">{paper.subject}</span> }] : []),
          ...(papers.some((paper) => paper.amount)
            ? [{ title: t('amount'), align: 'right' as const, render: (_: unknown, paper: Paper) => (paper.amount ? <span className="number nowrap">{money(paper.amount)} <span className="quiet small">{paper.currency}</span></span> : '–') }]
            : []),
        ]}
      />
      {more && <div className="more"><Button loading={loading} onClick={more}>{t('act.more', { ns: 'common' })}</Button></div>}
    </>
  )
}
