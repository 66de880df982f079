import { Skeleton, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { hub, type Schemas } from '../../api/client'
import { useFormat } from '../../parts/format'
import { Figure, PageHead, Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { Alerts } from './Alerts'
import { Attention } from './Attention'
import { Course } from './Course'
import { Shares } from './Shares'
import './overview.css'

type Summary = Schemas['Summary']

const sum = (counts: Record<string, number> = {}, ...states: string[]) =>
  (states.length ? states : Object.keys(counts)).reduce((total, state) => total + (counts[state] ?? 0), 0)

/** What is well and what is not, on one screen: for whoever comes in the morning. */
export default function Overview() {
  const { t } = useTranslation('overview')
  const { short, duration, number } = useFormat()
  const summary = hub.useQuery('get', '/api/v1/summary', {}, { refetchInterval: 2_000 })
  if (summary.error) return <Trouble error={summary.error} again={() => summary.refetch()} />
  if (!summary.data) return <Skeleton active className="page" />
  const counts = summary.data
  const delivered = Object.values(counts.deliveries).reduce((total, states) => total + sum(states, 'delivered'), 0)
  const forPeople = Object.values(counts.parked).reduce((total, states) => total + sum(states, 'failed'), 0)
  const waiting = Object.values(counts.parked).reduce((total, states) => total + sum(states, 'waiting', 'retry', 'behind', 'due'), 0)
  return (
    <div className="page stack">
      <PageHead title={t('title')} text={t('text')} />
      <Alerts />
      <div className="figures">
        <Figure label={t('carried')} value={short(sum(counts.messages))} note={t('carried_note', { delivered: short(delivered) })} />
        <Figure
          label={t('for_people')}
          value={number(forPeople)}
          tone={forPeople ? 'bad' : 'good'}
          note={<Link to="/parked?state=failed">{forPeople ? t('for_people_note') : t('for_people_none')}</Link>}
        />
        <Figure
          label={t('waiting')}
          value={number(waiting)}
          tone={waiting ? 'wait' : undefined}
          note={<Link to="/parked">{t('waiting_note')}</Link>}
        />
        <Figure label={t('masters')} value={short(counts.masters)} note={t('masters_note', { joined: short(counts.joined) })} />
        <Figure
          label={t('latency')}
          value={counts.latency_ms ? duration(counts.latency_ms[0]!) : '–'}
          note={counts.latency_ms ? t('latency_note', { p99: duration(counts.latency_ms[1]!) }) : t('latency_none')}
        />
      </div>
      <Course />
      <div className="cols two">
        <Panel title={t('systems')} flush>
          <Systems counts={counts} />
        </Panel>
        <Panel title={t('attention')}>
          <Attention />
        </Panel>
      </div>
    </div>
  )
}

function Systems({ counts }: { counts: Summary }) {
  const { t } = useTranslation('overview')
  const { number } = useFormat()
  const systems = [...new Set([...Object.keys(counts.deliveries), ...Object.keys(counts.parked)])].sort()
  return (
    <Table
      size="small"
      pagination={false}
      rowKey="name"
      scroll={{ x: 520 }}
      dataSource={systems.map((name) => ({ name, given: counts.deliveries[name] ?? {}, parked: counts.parked[name] ?? {} }))}
      columns={[
        { title: t('system'), dataIndex: 'name', render: (name: string) => <Link to={`/connectors/${name}`}>{name}</Link> },
        { title: t('given'), align: 'right', render: (_, row) => <Link className="number" to={`/messages?target=${row.name}&delivery=delivered`}>{number(sum(row.given, 'delivered'))}</Link> },
        { title: t('shares'), width: '46%', render: (_, row) => <Shares counts={row.given} /> },
        {
          title: t('parked'),
          align: 'right',
          render: (_, row) => (sum(row.parked) ? <Link className="number" to={`/parked?system=${row.name}`}>{number(sum(row.parked))}</Link> : <span className="quiet">0</span>),
        },
      ]}
    />
  )
}
