// A grade, a score, what it is made of, and what a person says of it.
import { Form, Input, InputNumber, Modal, Progress, Slider, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, queries, type Schemas } from '../../api/client'
import { useSay } from '../../parts/ask'
import { useFormat } from '../../parts/format'
import { money } from '../../parts/money'

export type Graded = Schemas['ProposalView']

export const GRADES = ['diamond', 'strategic', 'potential', 'ordinary', 'problem'] as const

export const nameOf = ({ name, code, id }: { name?: string | null; code?: string | null; id: string }) => name ?? code ?? id

export function Grade({ name }: { name?: string | null }) {
  const { t } = useTranslation('grades')
  if (!name) return <span className="quiet">–</span>
  return <Tag>{t(`name.${name}`, { defaultValue: name })}</Tag>
}

/** From 0 to 100; of who has never ordered there is none. */
export function Score({ of }: { of: Graded }) {
  const { t } = useTranslation('grades')
  if (!of.parts.length) return <span className="quiet">{t('not_ranked')}</span>
  return <Progress percent={of.score ?? 0} size="small" format={(points) => <span className="number">{points}</span>} aria-label={t('score')} />
}

/** A fact of a part as people say it: sales as an amount, shares as percent. */
export function useFact() {
  const { number, share } = useFormat()
  return (part: string, value: string) => (part === 'sales' ? money(value) : ['margin', 'punctual', 'growth'].includes(part) ? share(Number(value)) : number(Number(value)))
}

/** What a score is made of. */
export function Parts({ parts }: { parts: Schemas['ScorePart'][] }) {
  const { t } = useTranslation('grades')
  const fact = useFact()
  if (!parts.length) return <p className="quiet" style={{ margin: 0 }}>{t('not_ranked_text')}</p>
  return (
    <ul className="plain-list score-parts">
      {parts.map((part) => (
        <li key={part.name}>
          <span>{t(`part.${part.name}`)}</span>
          <Progress percent={part.weight ? Math.round((Number(part.points) / part.weight) * 100) : 0} size="small" showInfo={false} aria-label={t(`part.${part.name}`)} />
          <span className="number">{t('points', { points: part.points, weight: part.weight })}</span>
          <span className="quiet small">{part.value == null ? t('unknown') : t('of_full', { value: fact(part.name, part.value), full: fact(part.name, part.full) })}</span>
        </li>
      ))}
    </ul>
  )
}

/** Shows what a decision has changed, on every page that may show it. */
const refreshed = () => queries.invalidateQueries({ predicate: ({ queryKey }) => JSON.stringify(queryKey).includes('/insight/') || queryKey[0] === 'scores' || queryKey[0] === 'grade-decisions' })

/** Asks for the reason: it stays with the grade. */
export function Decide({ of, decision, done }: { of: Graded; decision: 'approve' | 'decline'; done: (decided?: Graded) => void }) {
  const { t } = useTranslation('grades')
  const say = useSay()
  const [busy, setBusy] = useState(false)
  const [form] = Form.useForm<{ because: string }>()
  async function decide({ because }: { because: string }) {
    setBusy(true)
    try {
      await api.POST('/api/v1/insight/grades/{id}', { params: { path: { id: of.id } }, body: { decision, grade: of.proposed!, because } })
      say.done(t(decision === 'approve' ? 'decided' : 'declined_done'))
      done(of)
      await refreshed()
    } catch (error) {
      say.failed(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal open title={t(`${decision}_title`, { name: nameOf(of), grade: t(`name.${of.proposed}`) })} okText={t(decision)} cancelText={t('act.cancel', { ns: 'common' })} confirmLoading={busy} onOk={() => form.submit()} onCancel={() => done()}>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(values) => void decide(values)}>
        <Because />
      </Form>
    </Modal>
  )
}

/** How well a customer works with us, which no fact tells. */
export function Rate({ of, done }: { of: Graded; done: () => void }) {
  const { t } = useTranslation('grades')
  const say = useSay()
  const [busy, setBusy] = useState(false)
  const [form] = Form.useForm<{ cooperation: number; because: string }>()
  async function rate(given: { cooperation: number; because: string }) {
    setBusy(true)
    try {
      await api.POST('/api/v1/insight/grades/{id}/rating', { params: { path: { id: of.id } }, body: given })
      say.done(t('rated_done'))
      done()
      await refreshed()
      // The score follows within seconds.
      setTimeout(() => void refreshed(), 2_000)
    } catch (error) {
      say.failed(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal open title={t('rate_title', { name: nameOf(of) })} okText={t('rate')} cancelText={t('act.cancel', { ns: 'common' })} confirmLoading={busy} onOk={() => form.submit()} onCancel={done}>
      <p className="quiet" style={{ marginTop: 0 }}>{t('rate_text')}</p>
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ cooperation: of.cooperation ?? 50 }} onFinish={(values) => void rate(values)}>
        <div className="rating">
          <Form.Item name="cooperation" noStyle><Slider min={0} max={100} tooltip={{ open: false }} ariaLabelForHandle={t('part.cooperation')} /></Form.Item>
          <Form.Item name="cooperation" noStyle rules={[{ required: true, message: t('because_missing') }]}><InputNumber min={0} max={100} precision={0} aria-label={t('cooperation_points')} /></Form.Item>
        </div>
        <Because />
      </Form>
    </Modal>
  )
}

function Because() {
  const { t } = useTranslation('grades')
  return (
    <Form.Item name="because" label={t('because')} rules={[{ required: true, whitespace: true, message: t('because_missing') }]}>
      <Input.TextArea autoFocus rows={3} maxLength={500} />
    </Form.Item>
  )
}
