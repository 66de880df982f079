import { useState } from 'react'
import { Alert, Button, Divider, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { useLocation, useNavigate } from 'react-router'
import { hub } from '../api/client'
import { Problem } from '../api/problem'
import { Mark } from '../app/Mark'
import { LanguageSwitch, LookSwitch } from '../app/switches'
import { Said } from '../parts/Said'
import { signIn, signInFirst } from './session'

/** Where one-time links lead: to the first administrator's account, or to a password for one that there is. */
export const LINKS = ['/first', '/password']

/** The door: sign in, or follow a one-time link (`/first#TOKEN`, `/password#TOKEN`). Whoever is signed in already, as
 * `inside`, is replaced by whom the link is for. */
export function SignIn({ inside }: { inside?: string }) {
  const { t } = useTranslation('door')
  const location = useLocation()
  const navigate = useNavigate()
  const way = location.pathname === '/first' ? 'first' : location.pathname === '/password' ? 'choose' : undefined
  const means = hub.useQuery('get', '/api/v1/session/means', {}, { enabled: !way, staleTime: Infinity })
  const elsewhere = means.data?.single_sign_on
  const came = way ? null : new URLSearchParams(location.search).get('sign_on')
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)

  async function enter(values: { user: string; password: string; token?: string }) {
    setBusy(true)
    setProblem(undefined)
    try {
      if (way) {
        const token = location.hash.slice(1) || values.token || ''
        await signInFirst(token, values.user, values.password)
        navigate('/', { replace: true })
      } else {
        await signIn(values.user, values.password)
      }
    } catch (error) {
      setProblem(Problem.of(error))
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
        <h1>{way ? t(`${way}.title`) : t('title')}</h1>
        <p className="quiet">{way ? t(`${way}.text`) : t('text')}</p>
        {inside && <Alert type="warning" showIcon title={t('inside', { user: inside })} action={<Button size="small" onClick={() => navigate('/', { replace: true })}>{t('stay')}</Button>} />}
        {came && !problem && <Alert type="error" showIcon role="alert" title={t('came.failed')} description={t([`came.${came.replace('oidc.', '')}`, 'came.other'])} />}
        {problem && (
          <Alert
            type="error"
            showIcon
            role="alert"
            title={problem.status === 0 ? t('unreachable') : problem.code === 'access.link' ? t('spent') : problem.status === 401 ? t('wrong') : <Said error={problem} />}
          />
        )}
        <Form layout="vertical" requiredMark={false} onFinish={enter} disabled={busy}>
          {way && !location.hash && (
            <Form.Item name="token" label={t(`${way}.token`)} rules={[{ required: true, message: t('needed') }]}>
              <Input autoComplete="off" />
            </Form.Item>
          )}
          <Form.Item name="user" label={t('user')} rules={[{ required: true, message: t('needed') }]}>
            <Input autoComplete="username" autoFocus />
          </Form.Item>
          <Form.Item name="password" label={t('password')} rules={[{ required: true, message: t('needed') }]}>
            <Input.Password autoComplete={way ? 'new-password' : 'current-password'} />
          </Form.Item>
          {way && (
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
            {way ? t(`${way}.enter`) : t('enter')}
          </Button>
        </Form>
        {elsewhere && (
          <>
            <Divider plain>{t('or')}</Divider>
            <Button href={elsewhere} block size="large">{t('single_sign_on')}</Button>
          </>
        )}
      </div>
    </main>
  )
}
