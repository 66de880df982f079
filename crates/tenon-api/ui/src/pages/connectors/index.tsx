import { Skeleton, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { hub } from '../../api/client'
import { useLive } from '../../live/live'
import { useFormat } from '../../parts/format'
import { PageHead, Panel } from '../../parts/PageHead'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'

/** Every system that is joined, and how its connector stands. */
export default function Connectors() {
  const { t } = useTranslation('connectors')
  const { number, duration } = useFormat()
  const navigate = useNavigate()
  const { now } = useLive()
  const found = hub.useQuery('get', '/api/v1/connectors')
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active className="page" />
  const live = (name: string) => now?.systems.find((system) => system.name === name)
  return (
    <div className="page">
      <PageHead title={t('title')} text={t('text')} />
      <Panel flush>
        <Table
          size="middle"
          rowKey="name"
          pagination={false}
          scroll={{ x: 820 }}
          dataSource={found.data}
          rowClassName="clickable"
          onRow={({ name }) => ({ onClick: () => navigate(`/connectors/${name}`) })}
          columns={[
            { title: t('system'), dataIndex: 'name', render: (name: string, row) => <><Link className="strong" to={`/connectors/${name}`} onClick={(event) => event.stopPropagation()}>{name}</Link><div className="quiet small">{row.kind} · {row.preset}</div></> },
            { title: t('receive'), render: (_, row) => { const half = live(row.name)?.receive; return row.receives.length ? <><State state={half?.state ?? row.receives[0]!.now.state} /><div className="quiet small">{row.receives.map((inlet) => t(`entity.${inlet.entity}`, { ns: 'common', defaultValue: inlet.entity })).join(' · ')}</div></> : <span className="quiet">–</span> } },
            { title: t('deliver'), render: (_, row) => { const half = live(row.name)?.deliver; return row.delivers.length ? <><State state={half?.state ?? 'unknown'} /><div className="quiet small">{row.delivers.map((outlet) => t(`entity.${outlet.entity}`, { ns: 'common', defaultValue: outlet.entity })).join(' · ')}</div></> : <span className="quiet">–</span> } },
            { title: t('queued'), align: 'right', render: (_, row) => <span className="number">{live(row.name)?.queued ?? '–'}</span> },
            { title: t('lag'), align: 'right', render: (_, row) => { const lag = live(row.name)?.lag_ms; return <span className="number">{lag == null ? '–' : duration(lag)}</span> } },
            { title: t('waiting'), align: 'right', render: (_, row) => { const waiting = Object.values(live(row.name)?.parked ?? {}).reduce((a, b) => a + b, 0); return waiting ? <Link className="number" to={`/parked?system=${row.name}`} onClick={(event) => event.stopPropagation()}>{number(waiting)}</Link> : <span className="quiet number">0</span> } },
          ]}
        />
      </Panel>
    </div>
  )
}
