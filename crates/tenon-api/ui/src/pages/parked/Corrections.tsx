import { Alert, Button, Drawer, Skeleton, Table } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, hub } from '../../api/client'
import { useAskWhy, useSay } from '../../parts/ask'
import { Difference } from '../../parts/Difference'
import { useOpened } from '../../parts/opened'
import { Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay, useSession } from '../../session/session'

/** Corrections that a second person has to decide; nothing where there are none. */
export function Corrections() {
  const { t } = useTranslation('parked')
  const looking = useOpened('correction')
  // What it changes is shown with all values, to those alone who may see them.
  const looks = useMay('reveal')
  const found = hub.useQuery('get', '/api/v1/corrections', { params: { query: { state: 'proposed', limit: 100 } } }, { refetchInterval: 2_000 })
  const items = found.data?.items ?? []
  if (!items.length && looking.id === undefined) return null
  return (
    <Panel title={t('corrections')} flush>
      <Table
        size="small"
        rowKey="id"
        dataSource={items}
        pagination={false}
        scroll={{ x: 640 }}
        rowClassName={looks ? 'clickable' : ''}
        onRow={(item) => ({ onClick: () => looks && looking.open(item.id) })}
        columns={[
          { title: t('record'), render: (_, item) => (looks ? <button type="button" className="linkish mono" onClick={(event) => { event.stopPropagation(); looking.open(item.id) }}>{item.message_id}</button> : <span className="mono">{item.message_id}</span>) },
          { title: t('way'), render: (_, item) => t(item.direction === 'inbound' ? 'from' : 'to', { system: item.system }) },
          { title: t('proposed_by'), render: (_, item) => <b>{item.proposal.who}</b> },
          { title: t('because'), render: (_, item) => <span className="break">{item.proposal.because}</span> },
          { title: t('since'), dataIndex: 'proposed_at', width: 130, render: (at: string) => <When at={at} /> },
        ]}
      />
      <Drawer open={looks && looking.id !== undefined} onClose={looking.close} size={720} title={t('correction')} destroyOnHidden>
        {looks && looking.id !== undefined && <Decide id={Number(looking.id)} done={looking.close} />}
      </Drawer>
    </Panel>
  )
}

/** What a correction changes, and yes or no. */
function Decide({ id, done }: { id: number; done: () => void }) {
  const { t } = useTranslation('parked')
  const may = useMay('operate')
  const { user } = useSession()
  const say = useSay()
  const askWhy = useAskWhy()
  const queries = useQueryClient()
  // Each look stands in the trail: it is asked for when somebody opens it, anew each time, and never by itself.
  const found = hub.useQuery('get', '/api/v1/corrections/{id}', { params: { path: { id } } }, { staleTime: 'static', gcTime: 0 })
  if (found.error) return <Trouble error={found.error} />
  if (!found.data) return <Skeleton active />
  const one = found.data
  async function decide(approve: boolean) {
    const because = await askWhy(t(approve ? 'approve_title' : 'reject_title'), t('decide_text'), { required: true, ok: t(approve ? 'approve' : 'reject') })
    if (!because) return
    const asked = { params: { path: { id } }, body: { because } }
    try {
      if (approve) await api.POST('/api/v1/corrections/{id}/approve', asked)
      else await api.POST('/api/v1/corrections/{id}/reject', asked)
      say.done(t(approve ? 'approved' : 'rejected'))
      done()
      await queries.invalidateQueries()
    } catch (error) {
      say.failed(error)
    }
  }
  return (
    <div className="stack">
      <dl className="facts">
        <dt>{t('record')}</dt><dd><Link className="mono" to={`/trace/${one.message_id}`}>{one.message_id}</Link></dd>
        <dt>{t('proposed_by')}</dt><dd>{one.proposal.who} <span className="quiet small"><When at={one.proposed_at} /></span></dd>
        <dt>{t('because')}</dt><dd className="break">{one.proposal.because}</dd>
      </dl>
      <Difference text={one.difference ?? ''} label={t('correction')} />
      {one.proposal.who === user ? (
        <Alert type="info" showIcon title={t('own_correction')} />
      ) : may && (
        <div className="row">
          <Button type="primary" onClick={() => void decide(true)}>{t('approve')}</Button>
          <Button danger onClick={() => void decide(false)}>{t('reject')}</Button>
        </div>
      )}
    </div>
  )
}
