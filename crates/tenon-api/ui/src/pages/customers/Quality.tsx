import { Progress, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { hub, type Schemas } from '../../api/client'
import { useFieldName } from '../../parts/fields'
import { useFormat } from '../../parts/format'
import { Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'

type Row = Schemas['FullnessView'] & { system?: string }

/** How much the records of each system say, and what they lack: where to ask. */
export function Quality() {
  const { t } = useTranslation('customers')
  const { number, share } = useFormat()
  const field = useFieldName()
  const found = hub.useQuery('get', '/api/v1/masters/quality')
  const rows: Row[] = found.data ? [found.data.golden, ...Object.entries(found.data.systems).map(([system, records]) => ({ ...records, system }))] : []
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  return (
    <Panel flush>
      <p className="quiet" style={{ padding: '12px 16px 0' }}>{t('quality_text')}</p>
      <Table
        size="small"
        rowKey={(row) => row.system ?? ''}
        loading={found.isPending}
        dataSource={rows}
        pagination={false}
        scroll={{ x: 820 }}
        columns={[
          { title: t('of_system'), width: 180, render: (_, { system }) => (system ? <Link to={`/connectors/${system}`}>{system}</Link> : <b>{t('golden')}</b>) },
          { title: t('records'), dataIndex: 'records', width: 110, align: 'right', className: 'number', render: (records: number) => number(records) },
          { title: t('says'), width: 200, render: (_, { score }) => <Progress percent={score} size="small" format={(points) => <span className="number">{points}</span>} aria-label={t('says')} /> },
          {
            title: t('lacks'),
            render: (_, { lacking, records }) => {
              const most = Object.entries(lacking).sort(([, one], [, other]) => other - one)
              return most.length ? most.map(([name, count]) => `${field(name)} ${share(count / records)}`).join(' · ') : <span className="quiet">–</span>
            },
          },
        ]}
      />
    </Panel>
  )
}
