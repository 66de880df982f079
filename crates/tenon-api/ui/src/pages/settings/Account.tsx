import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, queries } from '../../api/client'
import { useSay } from '../../parts/ask'
import { Systems } from './scope'
import { SessionList } from './SessionList'
import { SESSION_KEY, useSession } from '../../session/session'

/** What a person changes of itself: its name as others read it, and its password. */
export function Account() {
  const { t } = useTranslation('settings')
  const session = useSession()
  const say = useSay()
  const [busy, setBusy] = useState(false)
  const [form] = Form.useForm<{ current: string; new: string; again: string }>()
  async function act(what: () => Promise<unknown>, done: string) {
    setBusy(true)
    try {
      await what()
      await queries.invalidateQueries({ queryKey: SESSION_KEY })
      say.done(done)
    } catch (error) {
      say.failed(error)
    } finally {
      setBusy(false)
    }
  }
  const required = [{ required: true, message: t('needed') }]
  return (
    <div className="stack" style={{ gap: 28 }}>
    <div className="account">
      <div className="stack">
        <dl className="facts">
          <dt>{t('user')}</dt><dd className="mono">{session.user}</dd>
          <dt>{t('role')}</dt><dd>{t(`role.${session.role}`, { ns: 'common' })}</dd>
          <dt>{t('systems')}</dt><dd><Systems of={session.systems} /></dd>
        </dl>
        <Form layout="vertical" requiredMark={false} initialValues={{ display_name: session.display_name ?? '' }} onFinish={({ display_name }) => void act(() => api.PATCH('/api/v1/session', { body: { display_name } }), t('saved'))}>
          <Form.Item name="display_name" label={t('display_name')}><Input maxLength={100} /></Form.Item>
          <Button htmlType="submit" disabled={busy}>{t('act.save', { ns: 'common' })}</Button>
        </Form>
      </div>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => void act(async () => {
          await api.PUT('/api/v1/session/password', { body: { current: values.current, new: values.new } })
          form.resetFields()
        }, t('password_changed'))}
      >
        <input type="text" name="username" autoComplete="username" value={session.user} readOnly hidden />
        <Form.Item name="current" label={t('password_now')} rules={required}><Input.Password autoComplete="current-password" /></Form.Item>
        <Form.Item name="new" label={t('password_new')} extra={t('password_hint')} rules={[...required, { min: 10, message: t('password_hint') }]}><Input.Password autoComplete="new-password" /></Form.Item>
        <Form.Item
          name="again"
          label={t('password_again')}
          dependencies={['new']}
          rules={[({ getFieldValue }) => ({ validator: (_, value) => (value === getFieldValue('new') ? Promise.resolve() : Promise.reject(new Error(t('password_differs')))) })]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={busy}>{t('change_password')}</Button>
      </Form>
    </div>
    <section aria-labelledby="own-sessions" style={{ maxWidth: 760 }}>
      <h2 className="section" id="own-sessions">{t('own_sessions')}</h2>
      <p className="quiet" style={{ margin: '0 0 8px' }}>{t('own_sessions_text')}</p>
      <SessionList />
    </section>
    </div>
  )
}
