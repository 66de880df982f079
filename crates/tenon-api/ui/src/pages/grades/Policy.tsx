import { Skeleton, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { hub, type Schemas } from '../../api/client'
import { Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { Grade, useFact } from './parts'

/** What each grade takes and brings, what is told to the systems of it, and what a score is made of. */
export function Policy() {
  const { t } = useTranslation('grades')
  const found = hub.useQuery('get', '/api/v1/insight/policy')
  const fact = useFact()
  const connectors = hub.useQuery('get', '/api/v1/connectors')
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active />
  const { grades, score, score_currency, problem_overdue } = found.data
  const told = (connectors.data ?? []).filter(({ delivers }) => delivers.some(({ entity }) => entity === 'customer')).map(({ name }) => name)
  const weights = score.reduce((sum, { weight }) => sum + weight, 0)
  return (
    <>
      <Panel title={t('policy')} flush>
        <div className="policy-text">
          <p>{t('pushed')} {told.length ? <span className="row" style={{ gap: 4, display: 'inline-flex' }}>{told.map((system) => <span key={system} className="chip">{system}</span>)}</span> : <span className="quiet">{t('pushed_nowhere')}</span>}</p>
          {problem_overdue > 0 && <p>{t('problem_overdue', { count: problem_overdue })}</p>}
          <p className="quiet">{t('policy_where')}</p>
        </div>
        <Table<Schemas['GradePolicyView']>
          size="small"
          rowKey="grade"
          pagination={false}
          scroll={{ x: 560 }}
          dataSource={grades}
          columns={[
            { title: t('grade'), render: (_, row) => <Grade name={row.grade} /> },
            { title: t('from'), dataIndex: 'from', align: 'right' },
            { title: t('credit_days'), dataIndex: 'credit_days', align: 'right', render: (days?: number | null) => days ?? t('own') },
            { title: t('priority'), dataIndex: 'priority', align: 'right', render: (priority?: number | null) => priority ?? '–' },
            { title: t('revisit_days'), dataIndex: 'revisit_days', align: 'right', render: (days?: number | null) => days ?? '–' },
          ]}
        />
      </Panel>
      <Panel title={t('made_of')} flush>
        <Table<Schemas['ScorePartView']>
          size="small"
          rowKey="name"
          pagination={false}
          scroll={{ x: 560 }}
          dataSource={score}
          columns={[
            { title: t('part_name'), render: (_, { name }) => <span className="two-lines"><span>{t(`part.${name}`)}</span><span className="quiet small">{t(`part_text.${name}`)}</span></span> },
            { title: t('weight'), align: 'right', render: (_, { weight }) => <span className="number">{weights ? t('points', { points: weight, weight: weights }) : weight}</span> },
            { title: t('full'), align: 'right', render: (_, { name, full }) => <span className="number">{fact(name, full)}{name === 'sales' && ` ${score_currency}`}</span> },
          ]}
        />
      </Panel>
    </>
  )
}
