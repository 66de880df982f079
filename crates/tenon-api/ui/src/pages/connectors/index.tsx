import { Skeleton, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { hub, type Schemas } from '../../api/client'
import { OldNews } from '../../live/LivePulse'
import { useLive } from '../../live/live'
import { useFormat } from '../../parts/format'
import { PageHead, Panel } from '../../parts/PageHead'
import { HalfState, linksOf } from '../../parts/Half'
import { Trouble } from '../../parts/Trouble'
import { Reason } from '../../parts/Said'
import { When } from '../../parts/When'

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
      <OldNews />
      <Panel flush>
        <Table
          size="middle"
          rowKey="name"
          pagination={false}
          scroll={{ x: 980 }}
          dataSource={found.data}
          rowClassName="clickable"
          onRow={({ name }) => ({ onClick: () => navigate(`/connectors/${name}`) })}
          columns={[
            { title: t('system'), dataIndex: 'name', render: (name: string, row) => <><Link className="strong" to={`/connectors/${name}`} onClick={(event) => event.stopPropagation()}>{name}</Link><div className="quiet small">{row.kind} · {row.preset}</div></> },
            { title: t('receive'), render: (_, row) => <Side half={live(row.name)?.receive ?? row.receives[0]?.now} entities={row.receives.map(({ entity }) => entity)} messages={linksOf(row.name, 'receive').messages} /> },
            { title: t('deliver'), render: (_, row) => <Side half={live(row.name)?.deliver ?? row.deliver} entities={row.delivers.map(({ entity }) => entity)} messages={linksOf(row.name, 'deliver').messages} /> },
            { title: t('queued'), align: 'right', render: (_, row) => <span className="number">{live(row.name)?.queued ?? '–'}</span> },
            { title: t('lag'), align: 'right', render: (_, row) => { const lag = live(row.name)?.lag_ms; return <span className="number">{lag == null ? '–' : duration(lag)}</span> } },
            { title: t('waiting'), align: 'right', render: (_, row) => { const waiting = Object.values(live(row.name)?.parked ?? {}).reduce((a, b) => a + b, 0); return waiting ? <Link className="number" to={`/parked?system=${row.name}`} onClick={(event) => event.stopPropagation()}>{number(waiting)}</Link> : <span className="quiet number">0</span> } },
          ]}
        />
      </Panel>
    </div>
  )
}

/** One half in a row: how it stands, how fast it is, when it last went well, what last went wrong. */
function Side({ half, entities, messages }: { half?: Schemas['Half'] | null; entities: string[]; messages: string }) {
  const { t } = useTranslation('connectors')
  const { number } = useFormat()
  if (!half) return <span className="quiet">–</span>
  const rate = half.per_second == null ? '–' : `${number(half.per_second)}/s`
  return (
    <div className="stack small" style={{ gap: 1 }}>
      <span className="row" style={{ gap: 8 }}>
        <HalfState half={half} />
        <Link className="number" to={messages} onClick={(event) => event.stopPropagation()}>{rate}</Link>
      </span>
      <span className="quiet">{[...new Set(entities)].map((entity) => t(`entity.${entity}`, { ns: 'common', defaultValue: entity })).join(' · ')}</span>
      <span className="quiet">{t('last_success')} <When at={half.last_success} /></span>
      {half.last_error && <span className={half.failing ? 'bad' : 'quiet'}>{t('last_error')} <When at={half.last_error.at} /> <Reason code={half.last_error.code} text={half.last_error.reason} /></span>}
    </div>
  )
}
