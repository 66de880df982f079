import { Alert, Button, Form, Input, InputNumber, Modal, Popconfirm, Table, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, hub, type Schemas } from '../../api/client'
import { useSay } from '../../parts/ask'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { AreaFields, Areas } from './areas'
import { ScopeFields, Systems, systemsOf, type Scope } from './scope'
import { NAMED } from './Users'

/** What programs show instead of a password. */
export function Tokens() {
  const { t } = useTranslation('settings')
  const say = useSay()
  const found = hub.useQuery('get', '/api/v1/tokens')
  const [adding, setAdding] = useState(false)
  const [shown, setShown] = useState<string>()
  const [form] = Form.useForm<Scope & { name: string; scopes?: string[]; days?: number | null }>()
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  async function act(what: () => Promise<unknown>) {
    try {
      await what()
      await found.refetch()
    } catch (error) {
      say.failed(error)
    }
  }
  const items = found.data?.items ?? []
  return (
    <div className="stack">
      <div className="row between">
        <p className="quiet" style={{ margin: 0 }}>{t('tokens_text')}</p>
        <Button type="primary" onClick={() => setAdding(true)}>{t('add_token')}</Button>
      </div>
      {shown && <Alert type="success" showIcon closable={{ onClose: () => setShown(undefined), 'aria-label': t('act.close', { ns: 'common' }) }} title={t('token_once')} description={<Typography.Text copyable className="mono break">{shown}</Typography.Text>} />}
      <Table<Schemas['Token']>
        size="small"
        rowKey="id"
        loading={found.isPending}
        pagination={items.length > 50 && { pageSize: 50, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        dataSource={items}
        locale={{ emptyText: t('no_tokens') }}
        columns={[
          { title: t('name'), dataIndex: 'name', render: (name: string, token) => <span className="two-lines"><b className="mono">{name}</b><span className="only-small quiet small">{t(`role.${token.role}`, { ns: 'common' })}{[token.systems, token.scopes].map((only) => only && ` · ${only.join(', ')}`)}</span></span> },
          { title: t('role'), dataIndex: 'role', responsive: ['md'], render: (role: string) => t(`role.${role}`, { ns: 'common' }) },
          { title: t('systems'), responsive: ['md'], render: (_, token) => <Systems of={token.systems} /> },
          { title: t('scopes'), responsive: ['md'], render: (_, token) => <Areas of={token.scopes} /> },
          { title: t('created'), responsive: ['md'], render: (_, token) => <span className="two-lines">{token.created_by}<span className="quiet small"><When at={token.created_at} /></span></span> },
          { title: t('used'), responsive: ['md'], dataIndex: 'used_at', render: (at?: string | null) => (at ? <When at={at} /> : <span className="quiet">{t('not_used')}</span>) },
          { title: t('expires'), responsive: ['md'], dataIndex: 'expires_at', render: (at?: string | null) => (at ? <When at={at} /> : <span className="quiet">{t('never')}</span>) },
          { title: t('stands'), render: (_, token) => <Standing token={token} /> },
          {
            title: '',
            align: 'right',
            render: (_, token) =>
              !token.revoked_at && (
                <Popconfirm title={t('revoke_ask', { name: token.name })} okText={t('revoke')} cancelText={t('act.cancel', { ns: 'common' })} onConfirm={() => act(() => api.DELETE('/api/v1/tokens/{id}', { params: { path: { id: token.id } } }))}>
                  <Button size="small" danger aria-label={t('revoke_of', { name: token.name })}>{t('revoke')}</Button>
                </Popconfirm>
              ),
          },
        ]}
      />
      <Modal
        open={adding}
        title={t('add_token')}
        okText={t('add_it')}
        cancelText={t('act.cancel', { ns: 'common' })}
        onCancel={() => setAdding(false)}
        onOk={() => form.submit()}
      >
        <Form
          form={form}
          layout="vertical"
          requiredMark={false}
          initialValues={{ role: 'viewer', days: 365 }}
          onFinish={(entered) => void act(async () => {
            const { data } = await api.POST('/api/v1/tokens', { body: { name: entered.name, role: entered.role, systems: systemsOf(entered), scopes: entered.scopes?.length ? entered.scopes : null, days: entered.days ?? null } })
            setAdding(false)
            form.resetFields()
            setShown(data!.token)
          })}
        >
          <Form.Item name="name" label={t('token_name')} extra={t('name_hint')} rules={NAMED(t)}><Input autoFocus maxLength={64} autoComplete="off" /></Form.Item>
          <ScopeFields />
          <Form.Item name="scopes" label={t('scopes')} extra={t('scopes_hint')}><AreaFields all={found.data?.scopes ?? []} /></Form.Item>
          <Form.Item name="days" label={t('days')} extra={t('days_hint')}><InputNumber min={1} max={3650} style={{ width: '100%' }} /></Form.Item>
        </Form>
      </Modal>
    </div>
  )
}

/** Whether a token still lets somebody in. */
function Standing({ token }: { token: Schemas['Token'] }) {
  const { t } = useTranslation('settings')
  const [label, tone] = token.revoked_at
    ? ['revoked', 'idle' as const]
    : token.expires_at && Date.parse(token.expires_at) <= Date.now()
      ? ['expired', 'wait' as const]
      : ['valid', 'good' as const]
  return <State state={label} tone={tone} label={t(label)} />
}
