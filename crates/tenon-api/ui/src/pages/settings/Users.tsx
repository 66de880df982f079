import { Alert, Button, Dropdown, Form, Input, Modal, Table, Typography } from 'antd'
import { EditOutlined, MoreOutlined } from '@ant-design/icons'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, hub, type Schemas } from '../../api/client'
import { useSay } from '../../parts/ask'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useSession } from '../../session/session'
import { ScopeFields, Systems, systemsOf, type Scope } from './scope'
import { SessionList } from './SessionList'

type User = Schemas['User']

/** The people, and what each may do. */
export function Users() {
  const { t } = useTranslation('settings')
  const say = useSay()
  const session = useSession()
  const found = hub.useQuery('get', '/api/v1/users')
  const [editing, setEditing] = useState<User | 'new'>()
  const [watched, setWatched] = useState<User>()
  const [link, setLink] = useState<{ user: string; path: string }>()
  async function act(what: () => Promise<unknown>) {
    try {
      await what()
      await found.refetch()
    } catch (error) {
      say.failed(error)
    }
  }
  const of = (user: User) => ({ path: { user: user.user } })
  const invite = (user: User) => act(async () => {
    const { data } = await api.POST('/api/v1/users/{user}/link', { params: of(user) })
    setLink({ user: user.user, path: data!.link })
  })
  const alter = (user: User, disabled: boolean) => act(async () => {
    await api.PATCH('/api/v1/users/{user}', { params: of(user), body: { disabled } })
    say.done(t(disabled ? 'user_disabled' : 'user_enabled', { user: user.user }))
  })
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  const items = found.data?.items ?? []
  return (
    <div className="stack">
      <div className="row between">
        <p className="quiet" style={{ margin: 0 }}>{t('users_text')}</p>
        <Button type="primary" onClick={() => setEditing('new')}>{t('add_user')}</Button>
      </div>
      {link && (
        <Alert type="success" showIcon closable={{ onClose: () => setLink(undefined), 'aria-label': t('act.close', { ns: 'common' }) }} title={t('link', { user: link.user })} description={<Typography.Text copyable className="mono break">{window.location.origin + link.path}</Typography.Text>} />
      )}
      <Table<User>
        size="small"
        rowKey="user"
        loading={found.isPending}
        pagination={items.length > 50 && { pageSize: 50, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        dataSource={items}
        columns={[
          { title: t('name'), render: (_, user) => <span className="two-lines"><b>{user.display_name || user.user}</b><span className="quiet mono">{user.user}{user.user === session.user && ` · ${t('yourself')}`}</span><span className="only-small quiet small">{t(`role.${user.role}`, { ns: 'common' })}{user.systems && ` · ${user.systems.join(', ')}`}</span></span> },
          { title: t('role'), responsive: ['md'], render: (_, user) => t(`role.${user.role}`, { ns: 'common' }) },
          { title: t('systems'), responsive: ['md'], render: (_, user) => <Systems of={user.systems} /> },
          { title: t('signs_in'), responsive: ['md'], render: (_, user) => <span className="quiet">{[user.password && t('by_password'), user.single_sign_on && t('by_provider')].filter(Boolean).join(', ') || t('not_yet')}</span> },
          { title: t('last_in'), responsive: ['md'], dataIndex: 'signed_in_at', render: (at?: string | null) => <When at={at} /> },
          { title: t('stands'), render: (_, user) => <State state={user.disabled ? 'paused' : 'done'} tone={user.disabled ? 'idle' : 'good'} label={t(user.disabled ? 'disabled' : 'enabled')} /> },
          {
            title: '',
            align: 'right',
            render: (_, user) => {
              const own = user.user === session.user
              return (
                <span className="row" style={{ flexWrap: 'nowrap', justifyContent: 'end' }}>
                  <Button size="small" icon={<EditOutlined />} onClick={() => setEditing(user)} aria-label={t('edit_of', { user: user.user })}>{t('edit')}</Button>
                  <Dropdown
                    trigger={['click']}
                    menu={{
                      items: [
                        { key: 'link', label: t('new_link'), onClick: () => void invite(user) },
                        { key: 'sessions', label: t('sessions'), onClick: () => setWatched(user) },
                        { type: 'divider' },
                        { key: 'disable', label: t(user.disabled ? 'enable' : 'disable'), danger: !user.disabled, disabled: own, onClick: () => void alter(user, !user.disabled) },
                      ],
                    }}
                  >
                    <Button size="small" icon={<MoreOutlined />} aria-label={t('more_of', { user: user.user })} />
                  </Dropdown>
                </span>
              )
            },
          },
        ]}
      />
      {editing && (
        <Edit
          user={editing === 'new' ? undefined : editing}
          own={editing !== 'new' && editing.user === session.user}
          close={() => setEditing(undefined)}
          done={(user, path) => {
            setEditing(undefined)
            if (path) setLink({ user, path })
            void found.refetch()
          }}
        />
      )}
      <Modal open={Boolean(watched)} title={t('sessions_of', { user: watched?.user })} footer={null} width={640} onCancel={() => setWatched(undefined)} destroyOnHidden>
        {watched && <SessionList user={watched.user} />}
      </Modal>
    </div>
  )
}

type Entered = Scope & { user: string; display_name?: string }

/** A user that is to be made, or another role, other systems, another name of one. */
function Edit({ user, own, close, done }: { user?: User; own: boolean; close: () => void; done: (user: string, link?: string | null) => void }) {
  const { t } = useTranslation('settings')
  const say = useSay()
  const [busy, setBusy] = useState(false)
  const [form] = Form.useForm<Entered>()
  async function save(entered: Entered) {
    setBusy(true)
    try {
      const { role, display_name } = entered
      if (user) {
        const scope = own ? {} : { role, systems: systemsOf(entered) }
        await api.PATCH('/api/v1/users/{user}', { params: { path: { user: user.user } }, body: { ...scope, display_name: display_name?.trim() || user.user } })
        say.done(t('saved'))
        done(user.user)
      } else {
        const { data } = await api.POST('/api/v1/users', { body: { user: entered.user, role, systems: systemsOf(entered), display_name: display_name?.trim() || null } })
        done(data!.user, data!.link)
      }
    } catch (error) {
      say.failed(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal open title={user ? t('edit_title', { user: user.user }) : t('add_user')} okText={t(user ? 'act.save' : 'add_it', user ? { ns: 'common' } : {})} cancelText={t('act.cancel', { ns: 'common' })} confirmLoading={busy} onCancel={close} onOk={() => form.submit()}>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={user ? { ...user, systems: user.systems ?? [] } : { role: 'viewer' }}
        onFinish={(entered) => void save(entered)}
      >
        {!user && <Form.Item name="user" label={t('user')} extra={t('name_hint')} rules={NAMED(t)}><Input autoFocus maxLength={64} autoComplete="off" /></Form.Item>}
        <Form.Item name="display_name" label={t('display_name')}><Input maxLength={100} autoFocus={Boolean(user)} autoComplete="off" /></Form.Item>
        <ScopeFields disabled={own} />
        {user && <p className="quiet small" style={{ margin: 0 }}>{t(own ? 'own_scope' : 'ends_sessions')}</p>}
      </Form>
    </Modal>
  )
}

/** What the hub takes as a name of an account or a token. */
export const NAMED = (t: (key: string) => string) => [
  { required: true, message: t('needed') },
  { pattern: /^\s*[a-z0-9][a-z0-9._@+-]*\s*$/i, message: t('name_hint') },
]
