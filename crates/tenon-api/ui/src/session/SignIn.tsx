import { useState } from 'react'
import { Alert, Button, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { useLocation, useNavigate } from 'react-router'
import { Problem } from '../api/problem'
import { Mark } from '../app/Mark'
import { LanguageSwitch, LookSwitch } from '../app/switches'
import { signIn, signInFirst } from './session'

/** The door: sign in, or at the very first start make the first administrator (`/first#TOKEN`). */
export function SignIn() {
  const { t } = useTranslation('door')
  const location = useLocation()
  const navigate = useNavigate()
  const first = location.pathname === '/first'
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)

  async function enter(values: { user: string; password: string; token?: string }) {
    setBusy(true)
    setProblem(undefined)
    try {
      if (first) {
        const token = location.hash.slice(1) || values.token || ''
        await signInFirst(token, values.user, values.password)
        navigate('/', { replace: true })
      } else {
        await signIn(values.user, values.password)
      }
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, 'unknown', String(error)))
    } finally {
      setBusy(false)
    }
  }

  return (
    <main className="door">
      <div className="door-tools">
        <LanguageSwitch />
        <LookSwitch />
      </div>
      <div className="door-card">
        <Mark size={40} />
        <h1>{first ? t('first.title') : t('title')}</h1>
        <p className="quiet">{first ? t('first.text') : t('text')}</p>
        {problem && (
          <Alert
            type="error"
            showIcon
            role="alert"
            title={problem.status === 0 ? t('unreachable') : problem.status === 401 ? t('wrong') : problem.message}
          />
        )}
        <Form layout="vertical" requiredMark={false} onFinish={enter} disabled={busy}>
          {first && !location.hash && (
            <Form.Item name="token" label={t('token')} rules={[{ required: true, message: t('needed') }]}>
              <Input autoComplete="off" />
            </Form.Item>
          )}
          <Form.Item name="user" label={t('user')} rules={[{ required: true, message: t('needed') }]}>
            <Input autoComplete="username" autoFocus />
          </Form.Item>
          <Form.Item name="password" label={t('password')} rules={[{ required: true, message: t('needed') }]}>
            <Input.Password autoComplete={first ? 'new-password' : 'current-password'} />
          </Form.Item>
          {first && (
            <Form.Item
              name="again"
              label={t('again')}
              dependencies={['password']}
              rules={[
                ({ getFieldValue }) => ({
                  validator: (_, value) =>
                    value === getFieldValue('password') ? Promise.resolve() : Promise.reject(new Error(t('differs'))),
                }),
              ]}
            >
              <Input.Password autoComplete="new-password" />
            </Form.Item>
          )}
          <Button type="primary" htmlType="submit" block size="large" loading={busy}>
            {first ? t('first.enter') : t('enter')}
          </Button>
        </Form>
      </div>
    </main>
  )
}
