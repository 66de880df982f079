import { Alert, Button, Form, Input, Modal, Select, Switch, Table, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, hub } from '../../api/client'
import { useSay } from '../../parts/ask'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { ROLES, useSession } from '../../session/session'

/** The people, and what each may do. */
export function Users() {
  const { t } = useTranslation('settings')
  const say = useSay()
  const session = useSession()
  const found = hub.useQuery('get', '/api/v1/users')
  const connectors = hub.useQuery('get', '/api/v1/connectors')
  const [adding, setAdding] = useState(false)
  const [link, setLink] = useState<string>()
  const [form] = Form.useForm()
  const roles = ROLES.map((role) => ({ value: role as string, label: t(`role.${role}`, { ns: 'common' }) }))
  async function act(what: () => Promise<unknown>) {
    try {
      await what()
      await found.refetch()
    } catch (error) {
      say.failed(error)
    }
  }
  const whole = (path: string) => window.location.origin + path
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  return (
    <div className="stack">
      <div className="row between">
        <p className="quiet" style={{ margin: 0 }}>{t('users_text')}</p>
        <Button type="primary" onClick={() => setAdding(true)}>{t('add_user')}</Button>
      </div>
      {link && (
        <Alert type="success" showIcon closable onClose={() => setLink(undefined)} title={t('link')} description={<Typography.Text copyable className="mono break">{link}</Typography.Text>} />
      )}
      <Table
        size="small"
        rowKey="user"
        loading={found.isPending}
        pagination={false}
        scroll={{ x: 760 }}
        dataSource={found.data?.items ?? []}
        columns={[
          { title: t('name'), render: (_, user) => <span><b>{user.display_name || user.user}</b> <span className="quiet mono">{user.user}</span></span> },
          { title: t('role'), render: (_, user) => <Select size="small" style={{ width: 150 }} aria-label={t('role_of', { user: user.user })} value={user.role} options={roles} disabled={user.user === session.user} onChange={(role) => void act(() => api.PATCH('/api/v1/users/{user}', { params: { path: { user: user.user } }, body: { role } }))} /> },
          { title: t('systems'), render: (_, user) => user.systems?.join(', ') ?? <span className="quiet">{t('all_systems')}</span> },
          { title: t('last_in'), dataIndex: 'signed_in_at', render: (at?: string | null) => <When at={at} /> },
          { title: t('enabled'), render: (_, user) => <Switch size="small" aria-label={t('enabled_of', { user: user.user })} checked={!user.disabled} disabled={user.user === session.user} onChange={(on) => void act(() => api.PATCH('/api/v1/users/{user}', { params: { path: { user: user.user } }, body: { disabled: !on } }))} /> },
          { title: '', align: 'right', render: (_, user) => <Button size="small" onClick={() => void act(async () => { const { data } = await api.POST('/api/v1/users/{user}/link', { params: { path: { user: user.user } } }); setLink(whole(data!.link)) })}>{t('new_link')}</Button> },
        ]}
      />
      <Modal
        open={adding}
        title={t('add_user')}
        okText={t('add')}
        cancelText={t('act.cancel', { ns: 'common' })}
        onCancel={() => setAdding(false)}
        onOk={() => void form.validateFields().then((values) => act(async () => {
          const { data } = await api.POST('/api/v1/users', { body: { ...values, systems: values.systems?.length ? values.systems : null } })
          setAdding(false)
          form.resetFields()
          if (data?.link) setLink(whole(data.link))
        }))}
      >
        <Form form={form} layout="vertical" initialValues={{ role: 'viewer' }}>
          <Form.Item name="user" label={t('user')} rules={[{ required: true, message: t('needed') }]}><Input autoFocus /></Form.Item>
          <Form.Item name="display_name" label={t('display_name')}><Input /></Form.Item>
          <Form.Item name="role" label={t('role')}><Select options={roles} /></Form.Item>
          <Form.Item name="systems" label={t('systems')} extra={t('systems_hint')}><Select mode="multiple" options={(connectors.data ?? []).map(({ name }) => ({ value: name, label: name }))} /></Form.Item>
        </Form>
      </Modal>
    </div>
  )
}
