import { Skeleton, Table, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { hub, type Schemas } from '../../api/client'
import { useFormat } from '../../parts/format'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'

/** What runs here, on which nodes, and where its API is described. */
export function About() {
  const { t } = useTranslation('settings')
  const { number, duration } = useFormat()
  const found = hub.useQuery('get', '/api/v1/hub', {}, { refetchInterval: 5_000 })
  const summary = hub.useQuery('get', '/api/v1/summary')
  const carried = Object.values(summary.data?.messages ?? {}).reduce((a, b) => a + b, 0)
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active />
  return (
    <div className="stack" style={{ gap: 28 }}>
      <dl className="facts">
        <dt>Tenon</dt>
        <dd className="number">{found.data.version}</dd>
        <dt>{t('kept')}</dt>
        <dd className="number">{summary.data ? t('kept_messages', { number: number(carried) }) : '–'}</dd>
        <dt>API</dt>
        <dd><a href="/openapi.json">/openapi.json</a> · <a href="/asyncapi.json">/asyncapi.json</a></dd>
        <dt>{t('licence')}</dt>
        <dd>Apache-2.0</dd>
      </dl>
      <section aria-labelledby="nodes">
        <h2 className="section" id="nodes">{t('nodes')}</h2>
        <p className="quiet" style={{ margin: '0 0 8px' }}>{t('nodes_text')}</p>
        <Table<Schemas['HubNodeView']>
          size="small"
          rowKey="id"
          pagination={false}
          scroll={{ x: 760 }}
          dataSource={found.data.nodes}
          locale={{ emptyText: t('no_nodes') }}
          columns={[
            { title: t('node'), render: (_, node) => <span className="row"><b className="mono">{node.name}</b>{node.own && <Tag>{t('own_node')}</Tag>}</span> },
            { title: t('stands'), render: (_, node) => <State state={node.present ? 'flowing' : 'stalled'} label={node.present ? t('there') : t('silent', { time: duration(node.silent_seconds * 1_000) })} /> },
            { title: t('version'), dataIndex: 'version', render: (version?: string | null) => <span className="number">{version ?? '–'}</span> },
            { title: t('since'), dataIndex: 'started_at', render: (at?: string | null) => <When at={at} /> },
            { title: t('does'), render: (_, { roles }) => roles.map((role) => t(`does_it.${role}`, { defaultValue: role })).join(t('comma')) || '–' },
            { title: t('claims'), render: (_, { claims }) => <Claims of={claims} /> },
          ]}
        />
      </section>
    </div>
  )
}

/** What one node alone serves: the connectors by their halves, and what is done once for all. */
function Claims({ of }: { of: string[] }) {
  const { t } = useTranslation('settings')
  if (!of.length) return <span className="quiet">–</span>
  return <span className="row" style={{ gap: 4 }}>{of.map((claim) => <span key={claim} className="chip mono">{t(`claim.${claim}`, { defaultValue: claim })}</span>)}</span>
}
