import { Button, Popconfirm, Progress, Skeleton, Table } from 'antd'
import { ReloadOutlined } from '@ant-design/icons'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { api, hub } from '../../api/client'
import { useSay } from '../../parts/ask'
import { useFormat } from '../../parts/format'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'

/** So many seconds behind, figures count as up to date: a portion is entered every quarter of a second. */
const FRESH = 5

/** How long the hub keeps what, and how far its figures have come. */
export function Figures() {
  return (
    <div className="stack" style={{ gap: 28 }}>
      <Freshness />
      <Retention />
    </div>
  )
}

/** How far the figures are behind the journal, and how far those have come that are made anew. */
function Freshness() {
  const { t } = useTranslation('settings')
  const { number, duration } = useFormat()
  const say = useSay()
  const may = useMay('administer')
  const found = hub.useQuery('get', '/api/v1/insight', {}, { refetchInterval: ({ state }) => (state.data?.some(({ live }) => !live) ? 1_000 : 5_000) })
  async function rebuild() {
    try {
      await api.POST('/api/v1/insight/rebuild')
      say.done(t('rebuild_begun'))
      await found.refetch()
    } catch (error) {
      say.failed(error)
    }
  }
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active />
  const live = found.data.find(({ live }) => live)
  const next = found.data.find(({ live, generation: of }) => !live && of > (found.data.find((one) => one.live)?.generation ?? 0))
  const late = (live?.lag_seconds ?? 0) > FRESH
  const percent = next?.end ? Math.min(99, Math.floor((next.position / next.end) * 100)) : 0
  return (
    <section aria-labelledby="figures">
      <h2 className="section" id="figures">{t('freshness')}</h2>
      <dl className="facts">
        <dt>{t('stands')}</dt>
        <dd>{live ? <State state={late ? 'waiting' : 'done'} label={late ? t('late', { time: duration(live.lag_seconds * 1_000) }) : t('fresh')} /> : t('no_figures')}</dd>
        {live && <><dt>{t('entered')}</dt><dd className="number">{t('entered_of', { position: number(live.position), end: number(live.end) })}</dd></>}
      </dl>
      {next ? (
        <div className="stack" style={{ gap: 4, marginTop: 12, maxWidth: 560 }} role="status">
          <span>{t('rebuilding', { position: number(next.position), end: number(next.end) })}</span>
          <Progress percent={percent} status="active" aria-label={t('rebuilding', { position: number(next.position), end: number(next.end) })} />
        </div>
      ) : (
        may && live && (
          <div className="stack" style={{ gap: 6, marginTop: 12, alignItems: 'start' }}>
            <Popconfirm title={t('rebuild_ask')} description={<span className="ask">{t('rebuild_text')}</span>} okText={t('rebuild')} cancelText={t('act.cancel', { ns: 'common' })} onConfirm={rebuild}>
              <Button icon={<ReloadOutlined />}>{t('rebuild')}</Button>
            </Popconfirm>
          </div>
        )
      )}
    </section>
  )
}

interface Kept { what: string; how: ReactNode; oldest: ReactNode; note?: ReactNode }

function Retention() {
  const { t } = useTranslation('settings')
  const { number, duration } = useFormat()
  const found = hub.useQuery('get', '/api/v1/hub')
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active />
  const { retention } = found.data
  const forgotten = retention.journal_begins - 1
  const long = (seconds: number) => duration(seconds * 1_000)
  const rows: Kept[] = [
    {
      what: 'messages',
      how: retention.journal_seconds ? long(retention.journal_seconds) : t('for_ever'),
      oldest: <When at={retention.oldest_message} />,
      note: forgotten > 0 ? t('forgotten', { count: forgotten, number: number(forgotten) }) : t('none_forgotten'),
    },
    { what: 'figures', how: t('for_ever'), oldest: '–', note: t('figures_kept') },
    { what: 'masters', how: t('for_ever'), oldest: '–', note: t('masters_kept') },
    { what: 'trail', how: t('for_ever'), oldest: <When at={retention.oldest_entry} />, note: t('entries', { count: retention.entries, number: number(retention.entries) }) },
    { what: 'sessions', how: t('session_ends', { idle: long(retention.session_idle_seconds), longest: long(retention.session_longest_seconds) }), oldest: '–' },
  ]
  return (
    <section aria-labelledby="retention">
      <h2 className="section" id="retention">{t('retention')}</h2>
      <p className="quiet" style={{ margin: '0 0 8px' }}>{t('retention_where')}</p>
      <Table<Kept>
        size="small"
        rowKey="what"
        pagination={false}
        scroll={{ x: 560 }}
        dataSource={rows}
        columns={[
          { title: t('kept_what'), render: (_, { what, note }) => <span className="two-lines"><b>{t(`keeps.${what}`)}</b><span className="quiet small">{note ?? t(`keeps_text.${what}`, { defaultValue: '' })}</span></span> },
          { title: t('kept_how'), dataIndex: 'how' },
          { title: t('oldest'), dataIndex: 'oldest' },
        ]}
      />
    </section>
  )
}
