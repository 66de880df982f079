import { Alert, Button, Form, Input, InputNumber, Modal, Popconfirm, Select, Table, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, hub } from '../../api/client'
import { useSay } from '../../parts/ask'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { ROLES } from '../../session/session'

/** What programs show instead of a password. */
export function Tokens() {
  const { t } = useTranslation('settings')
  const say = useSay()
  const found = hub.useQuery('get', '/api/v1/tokens')
  const [adding, setAdding] = useState(false)
  const [shown, setShown] = useState<string>()
  const [form] = Form.useForm()
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  async function act(what: () => Promise<unknown>) {
    try {
      await what()
      await found.refetch()
    } catch (error) {
      say.failed(error)
    }
  }
  return (
    <div className="stack">
      <div className="row between">
        <p className="quiet" style={{ margin: 0 }}>{t('tokens_text')}</p>
        <Button type="primary" onClick={() => setAdding(true)}>{t('add_token')}</Button>
      </div>
      {shown && <Alert type="success" showIcon closable onClose={() => setShown(undefined)} title={t('token_once')} description={<Typography.Text copyable className="mono break">{shown}</Typography.Text>} />}
      <Table
        size="small"
        rowKey="id"
        loading={found.isPending}
        pagination={false}
        scroll={{ x: 720 }}
        dataSource={found.data?.items ?? []}
        columns={[
          { title: t('name'), dataIndex: 'name', render: (name: string) => <b className="mono">{name}</b> },
          { title: t('role'), dataIndex: 'role', render: (role: string) => t(`role.${role}`, { ns: 'common' }) },
          { title: t('systems'), render: (_, token) => token.systems?.join(', ') ?? <span className="quiet">{t('all_systems')}</span> },
          { title: t('created'), render: (_, token) => <span>{token.created_by} <span className="quiet small"><When at={token.created_at} /></span></span> },
          { title: t('used'), dataIndex: 'used_at', render: (at?: string | null) => <When at={at} /> },
          { title: t('expires'), dataIndex: 'expires_at', render: (at?: string | null) => (at ? <When at={at} /> : <span className="quiet">{t('never')}</span>) },
          {
            title: '',
            align: 'right',
            render: (_, token) =>
              token.revoked_at ? (
                <span className="quiet">{t('revoked')}</span>
              ) : (
                <Popconfirm title={t('revoke_ask', { name: token.name })} okText={t('revoke')} cancelText={t('act.cancel', { ns: 'common' })} onConfirm={() => act(() => api.DELETE('/api/v1/tokens/{id}', { params: { path: { id: token.id } } }))}>
                  <Button size="small" danger>{t('revoke')}</Button>
                </Popconfirm>
              ),
          },
        ]}
      />
      <Modal
        open={adding}
        title={t('add_token')}
        okText={t('add')}
        cancelText={t('act.cancel', { ns: 'common' })}
        onCancel={() => setAdding(false)}
        onOk={() => void form.validateFields().then((values) => act(async () => {
          const { data } = await api.POST('/api/v1/tokens', { body: values })
          setAdding(false)
          form.resetFields()
          setShown(data!.token)
        }))}
      >
        <Form form={form} layout="vertical" initialValues={{ role: 'viewer', days: 365 }}>
          <Form.Item name="name" label={t('token_name')} rules={[{ required: true, message: t('needed') }]}><Input autoFocus /></Form.Item>
          <Form.Item name="role" label={t('role')}><Select options={ROLES.map((role) => ({ value: role, label: t(`role.${role}`, { ns: 'common' }) }))} /></Form.Item>
          <Form.Item name="days" label={t('days')}><InputNumber min={1} max={3650} style={{ width: '100%' }} /></Form.Item>
        </Form>
      </Modal>
    </div>
  )
}
