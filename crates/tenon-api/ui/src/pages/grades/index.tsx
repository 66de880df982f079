import { App, Button, Empty, Form, Input, Modal, Progress, Skeleton, Table, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, hub, type Schemas } from '../../api/client'
import { money } from '../../parts/money'
import { PageHead, Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { useMay } from '../../session/session'

type Proposal = Schemas['ProposalView']
type Part = { name: string; value?: string; full: string; weight: number; points: string }
type Decision = { proposal: Proposal; decision: 'approve' | 'decline' }

/** Which grades should change, and why; a person says yes or no. */
export default function Grades() {
  const { t } = useTranslation('grades')
  const may = useMay('decide')
  const [after, setAfter] = useState<string[]>([])
  const last = after.at(-1)
  const grades = hub.useQuery('get', '/api/v1/insight/grades', { params: { query: { limit: 50, ...(last ? { after: last } : {}) } } }, { refetchInterval: 10_000 })
  const [deciding, setDeciding] = useState<Decision>()
  if (grades.error) return <Trouble error={grades.error} again={() => grades.refetch()} />
  if (!grades.data) return <Skeleton active className="page" />
  const { items, policy, next } = grades.data
  return (
    <div className="page stack">
      <PageHead title={t('title')} text={t('text')} />
      <Panel title={t('proposals')} flush>
        <Table<Proposal>
          size="small"
          rowKey="id"
          pagination={false}
          scroll={{ x: 820 }}
          dataSource={items}
          locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('no_proposals')} /> }}
          expandable={{ expandedRowRender: (row) => <Parts parts={row.parts as unknown as Part[]} /> }}
          columns={[
            { title: t('customer'), render: (_, row) => <Link to={`/customers/${row.id}`}>{row.name ?? row.code ?? row.id}</Link> },
            { title: t('owner'), dataIndex: 'owner', render: (owner?: string) => owner ?? '–' },
            { title: t('score'), width: 170, render: (_, row) => <Progress percent={row.score ?? 0} size="small" showInfo format={(points) => <span className="number">{points}</span>} aria-label={t('score')} /> },
            { title: t('has'), render: (_, row) => <Grade name={row.grade} /> },
            { title: t('proposed'), render: (_, row) => <Grade name={row.proposed} /> },
            {
              key: 'decide',
              align: 'right',
              render: (_, row) =>
                may && (
                  <span style={{ display: 'inline-flex', gap: 8 }}>
                    <Button size="small" className="accent" onClick={() => setDeciding({ proposal: row, decision: 'approve' })}>
                      {t('approve')}
                    </Button>
                    <Button size="small" onClick={() => setDeciding({ proposal: row, decision: 'decline' })}>
                      {t('decline')}
                    </Button>
                  </span>
                ),
            },
          ]}
        />
        {(last || next) && (
          <div style={{ display: 'flex', gap: 8, padding: 12 }}>
            <Button disabled={!last} onClick={() => setAfter(after.slice(0, -1))}>{t('act.back', { ns: 'common' })}</Button>
            <Button disabled={!next} onClick={() => next && setAfter([...after, next])}>{t('act.more', { ns: 'common' })}</Button>
          </div>
        )}
      </Panel>
      <Panel title={t('policy')} flush>
        <Table
          size="small"
          rowKey="grade"
          pagination={false}
          scroll={{ x: 560 }}
          dataSource={policy}
          columns={[
            { title: t('grade'), render: (_, row) => <Grade name={row.grade} /> },
            { title: t('from'), dataIndex: 'from', align: 'right' },
            { title: t('credit_days'), dataIndex: 'credit_days', align: 'right', render: (days?: number | null) => days ?? t('own') },
            { title: t('priority'), dataIndex: 'priority', align: 'right', render: (priority?: number | null) => priority ?? '–' },
            { title: t('revisit_days'), dataIndex: 'revisit_days', align: 'right', render: (days?: number | null) => days ?? '–' },
          ]}
        />
      </Panel>
      {deciding && <Decide {...deciding} done={() => setDeciding(undefined)} refresh={() => void grades.refetch()} />}
    </div>
  )
}

function Grade({ name }: { name?: string | null }) {
  const { t } = useTranslation('grades')
  if (!name) return <span className="quiet">–</span>
  return <Tag>{t(`name.${name}`, { defaultValue: name })}</Tag>
}

/** A fact as it is, with its thousands apart where it has any. */
const exact = (value: string) => (Math.abs(Number(value)) >= 1000 ? money(value) : value)

/** What a score is made of. */
function Parts({ parts }: { parts: Part[] }) {
  const { t } = useTranslation('grades')
  return (
    <ul className="plain-list">
      {parts.map((part) => (
        <li key={part.name}>
          <span style={{ minWidth: 140 }}>{t(`part.${part.name}`)}</span>
          <span className="grow" style={{ maxWidth: 320 }}><Progress percent={part.weight ? Math.round((Number(part.points) / part.weight) * 100) : 0} size="small" showInfo={false} aria-label={t(`part.${part.name}`)} /></span>
          <span className="number" style={{ minWidth: 90 }}>{t('points', { points: part.points, weight: part.weight })}</span>
          <span className="quiet small">{part.value === undefined ? t('unknown') : t('of_full', { value: exact(part.value), full: exact(part.full) })}</span>
        </li>
      ))}
    </ul>
  )
}

/** Asks for the reason: it stays with the grade. */
function Decide({ proposal, decision, done, refresh }: Decision & { done: () => void; refresh: () => void }) {
  const { t } = useTranslation('grades')
  const { message } = App.useApp()
  const [busy, setBusy] = useState(false)
  const [form] = Form.useForm<{ because: string }>()
  async function decide({ because }: { because: string }) {
    setBusy(true)
    try {
      await api.POST('/api/v1/insight/grades/{id}', {
        params: { path: { id: proposal.id } },
        body: { decision, grade: proposal.proposed!, because },
      })
      message.success(t('decided'))
      done()
      refresh()
    } catch (error) {
      message.error(error instanceof Error ? error.message : String(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal
      open
      title={t(`${decision}_title`, { name: proposal.name ?? proposal.code, grade: t(`name.${proposal.proposed}`) })}
      okText={t(decision)}
      cancelText={t('act.cancel', { ns: 'common' })}
      confirmLoading={busy}
      onOk={() => form.submit()}
      onCancel={done}
    >
      <Form form={form} layout="vertical" onFinish={(values) => void decide(values)}>
        <Form.Item name="because" label={t('because')} rules={[{ required: true, whitespace: true, message: t('because_missing') }]}>
          <Input.TextArea autoFocus rows={3} maxLength={500} />
        </Form.Item>
      </Form>
    </Modal>
  )
}
