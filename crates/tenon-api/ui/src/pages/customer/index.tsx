import { Alert, Button, Dropdown, Input, Modal, Progress, Skeleton, Table, Tabs, Tag } from 'antd'
import { EyeOutlined, MoreOutlined, PushpinOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { hub } from '../../api/client'
import { command, history, master, nameOf, reveal, type Master } from '../../api/masters'
import { useAskWhy, useSay } from '../../parts/ask'
import { PageHead, Panel } from '../../parts/PageHead'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { fields } from '../../parts/values'
import { When } from '../../parts/When'
import { useMay, useSession } from '../../session/session'
import { Dealings, Worth } from './Dealings'

/** Everything that is known of a customer, and who said it. */
export default function Customer() {
  const { id = '' } = useParams()
  const found = useQuery({ queryKey: ['master', id], queryFn: () => master(id) })
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active className="page" />
  return <Known key={found.data.master_id} one={found.data} />
}

function Known({ one }: { one: Master }) {
  const { t } = useTranslation('customer')
  const may = useMay('reveal')
  const askWhy = useAskWhy()
  const say = useSay()
  // Kept no longer than the page is looked at.
  const [shown, setShown] = useState<Record<string, unknown>>()
  async function look() {
    const because = await askWhy(t('reveal_title'), t('reveal_text'), { required: true, ok: t('reveal') })
    if (!because) return
    try {
      setShown(await reveal(one.master_id, because))
    } catch (error) {
      say.failed(error)
    }
  }
  return (
    <div className="page stack">
      <PageHead
        crumb={<Link to="/customers">{t('nav.customers', { ns: 'common' })}</Link>}
        title={nameOf(one)}
        text={
          <span className="row">
            {one.code && <span className="chip mono">{one.code}</span>}
            <span>{t('version', { version: one.version })}</span>
            {one.claim && <Tag color="gold">{t('claimed', { owner: one.claim.owner })}</Tag>}
          </span>
        }
        tools={<Acts one={one} />}
      />
      {one.merged_into && (
        <Alert type="warning" showIcon title={t('merged_into')} action={<Link to={`/customers/${one.merged_into}`}>{t('survivor')}</Link>} />
      )}
      <Worth id={one.master_id} />
      <div className="cols two">
        <Panel title={t('values')} flush tools={may && !shown && <Button size="small" icon={<EyeOutlined />} onClick={() => void look()}>{t('reveal')}</Button>}>
          <Values one={shown ? { ...one, golden: shown } : one} />
        </Panel>
        <div className="stack">
          <Panel title={t('holders')} flush>
            <Table
              size="small"
              pagination={false}
              rowKey={(record) => `${record.system}/${record.native_id}`}
              dataSource={one.records}
              columns={[
                { title: t('system'), dataIndex: 'system', render: (system: string) => <Link to={`/connectors/${system}`}>{system}</Link> },
                { title: t('id'), dataIndex: 'native_id', render: (native: string) => <Link className="mono" to={`/trace/${encodeURIComponent(native)}`}>{native}</Link> },
                { title: t('how'), dataIndex: 'told', render: (told: boolean) => <span className="quiet small">{told ? t('told') : t('given')}</span> },
              ]}
            />
          </Panel>
          <Panel title={t('quality')}>
            <Progress percent={Math.round(one.quality.score ?? 0)} size="small" aria-label={t('quality')} />
            {one.quality.lacks?.length ? <p className="quiet small">{t('lacks', { fields: one.quality.lacks.map((field) => t(`field.${field}`, { defaultValue: field })).join(', ') })}</p> : null}
          </Panel>
          {(one.parents.length > 0 || one.children.length > 0) && (
            <Panel title={t('hierarchy')}>
              <Hierarchy one={one} />
            </Panel>
          )}
        </div>
      </div>
      <Dealings id={one.master_id} />
      <Panel flush>
        <Tabs
          style={{ padding: '0 18px' }}
          items={[
            { key: 'history', label: t('history'), children: <History id={one.master_id} /> },
            { key: 'messages', label: t('messages'), children: <Messages id={one.master_id} /> },
          ]}
        />
      </Panel>
    </div>
  )
}

/** Fields whose values are words of the schema. */
const WORDS = ['grade', 'kind', 'stage']

function Values({ one }: { one: Master }) {
  const { t } = useTranslation('customer')
  return (
    <Table
      size="small"
      pagination={false}
      rowKey="0"
      scroll={{ x: 460 }}
      dataSource={fields(one.golden)}
      columns={[
        { title: t('what'), dataIndex: 0, width: 150, render: (field: string) => <span className="quiet">{t(`field.${field}`, { defaultValue: field })}</span> },
        {
          title: t('value'),
          dataIndex: 1,
          render: (value: string, [field]) => (
            <span className="break">
              {WORDS.includes(field) ? t([`grade_name.${value}`, `word.${value}`], { defaultValue: value }) : value} {one.pins[field] && <PushpinOutlined className="wait" title={t('pinned', { by: one.pins[field].by })} />}
            </span>
          ),
        },
        {
          title: t('from'),
          width: 190,
          render: (_, [field]) => {
            const from = one.provenance[field]
            return from ? <span className="quiet small">{from.system} <span className="mono">{from.native_id}</span></span> : null
          },
        },
      ]}
    />
  )
}

function Hierarchy({ one }: { one: Master }) {
  const { t } = useTranslation('customer')
  const row = (label: string, id: string) => (
    <li key={label + id}>
      <span className="quiet">{label}</span>
      <Named id={id} />
    </li>
  )
  return (
    <ul className="plain-list">
      {one.parents.map((parent) => row(t(`above.${parent.kind}`), parent.master_id))}
      {one.children.map((child) => row(t(`below.${child.kind}`), child.master_id))}
    </ul>
  )
}

function Named({ id }: { id: string }) {
  const found = useQuery({ queryKey: ['master', id], queryFn: () => master(id) })
  return <Link to={`/customers/${id}`}>{found.data ? nameOf(found.data) : id}</Link>
}

function History({ id }: { id: string }) {
  const { t } = useTranslation('customer')
  const found = useQuery({ queryKey: ['history', id], queryFn: () => history(id) })
  if (found.error) return <Trouble error={found.error} />
  const versions = found.data ?? []
  const changes = versions.map((version, at) => {
    const before = new Map(fields(versions[at + 1]?.golden ?? {}))
    const now = new Map(fields(version.golden))
    const names = [...new Set([...before.keys(), ...now.keys()])].filter((field) => before.get(field) !== now.get(field))
    return { ...version, changed: names.map((field) => ({ field, was: before.get(field), is: now.get(field) })) }
  })
  return (
    <Table
      size="small"
      rowKey="version"
      loading={found.isPending}
      pagination={{ pageSize: 10, hideOnSinglePage: true }}
      dataSource={changes}
      columns={[
        { title: t('when'), dataIndex: 'at', width: 180, render: (at: string) => <When at={at} exact /> },
        { title: t('number'), dataIndex: 'version', width: 80, className: 'number' },
        {
          title: t('changed'),
          render: (_, version) => (
            <ul className="plain-list small">
              {version.changed.map(({ field, was, is }) => (
                <li key={field} style={{ padding: '2px 0', border: 0, alignItems: 'baseline' }}>
                  <span className="quiet">{t(`field.${field}`, { defaultValue: field })}</span>
                  <span className="break">{was && <s className="quiet">{was}</s>} {is}</span>
                </li>
              ))}
            </ul>
          ),
        },
      ]}
    />
  )
}

function Messages({ id }: { id: string }) {
  const { t } = useTranslation('customer')
  const found = hub.useQuery('get', '/api/v1/trace/{key}', { params: { path: { key: id } } })
  if (found.error) return <Trouble error={found.error} />
  return (
    <Table
      size="small"
      rowKey="id"
      loading={found.isPending}
      pagination={{ pageSize: 10, hideOnSinglePage: true }}
      dataSource={found.data?.items ?? []}
      columns={[
        { title: t('when'), dataIndex: 'journaled_at', width: 180, render: (at: string) => <When at={at} exact /> },
        { title: t('what'), dataIndex: 'entity', render: (entity: string) => t(`entity.${entity}`, { ns: 'common', defaultValue: entity }) },
        { title: t('id'), render: (_, message) => <Link className="mono" to={`/trace/${message.id}`}>{message.business_key ?? message.native_id ?? message.id}</Link> },
        { title: t('way'), render: (_, message) => `${message.source} → ${message.targets.join(', ') || '–'}` },
        { title: t('state'), dataIndex: 'state', render: (state: string) => <State state={state} /> },
      ]}
    />
  )
}

/** What a steward may do about a customer. Each is a command: journaled, and told to every system. */
function Acts({ one }: { one: Master }) {
  const { t } = useTranslation('customer')
  const may = useMay('decide')
  const session = useSession()
  const askWhy = useAskWhy()
  const say = useSay()
  const queries = useQueryClient()
  const [asking, setAsking] = useState<'merge' | 'branch' | 'member'>()
  const [other, setOther] = useState('')
  if (!may || one.merged_into) return null
  async function give(act: Record<string, unknown>, because: string) {
    try {
      await command(act, because)
      say.done(t('done'))
      await queries.invalidateQueries()
    } catch (error) {
      say.failed(error)
    }
  }
  async function unmerge(merged: string) {
    const because = await askWhy(t('unmerge_title'), t('unmerge_text'), { danger: true, ok: t('unmerge') })
    if (because !== null) await give({ unmerge: { merged } }, because)
  }
  /** With the other customer, that was asked for. */
  async function goOn() {
    try {
      const found = await master(other.trim())
      const what = asking
      setAsking(undefined)
      setOther('')
      if (what === 'merge') {
        const because = await askWhy(t('merge_title', { name: nameOf(found) }), t('merge_text', { name: nameOf(one) }), { ok: t('merge') })
        if (because !== null) await give({ merge: { survivor: one.master_id, merged: found.master_id } }, because)
      } else {
        const because = await askWhy(t(`above_title.${what}`, { name: nameOf(found) }), t('above_text'), { ok: t('go_on') })
        if (because !== null) await give({ affiliate: { child: one.master_id, parent: found.master_id, kind: what } }, because)
      }
    } catch (error) {
      say.failed(error)
    }
  }
  async function detach() {
    const because = await askWhy(t('detach'), t('above_text'), { ok: t('detach') })
    if (because !== null) await give({ detach: { child: one.master_id } }, because)
  }
  return (
    <>
      {one.claim ? (
        <Button onClick={() => void give({ give_up: { master: one.master_id, owner: one.claim!.owner } }, '')}>{t('give_up')}</Button>
      ) : (
        <Button onClick={() => void give({ claim: { master: one.master_id, owner: session.user, days: 30 } }, '')}>{t('claim')}</Button>
      )}
      <Button onClick={() => setAsking('merge')}>{t('merge')}</Button>
      {one.parents.length > 0 ? (
        <Button onClick={() => void detach()}>{t('detach')}</Button>
      ) : (
        <Dropdown trigger={['click']} menu={{ items: (['branch', 'member'] as const).map((kind) => ({ key: kind, label: t(`above_which.${kind}`) })), onClick: ({ key }) => setAsking(key as 'branch' | 'member') }}>
          <Button>{t('belongs')}</Button>
        </Dropdown>
      )}
      {one.merged.length > 0 && (
        <Dropdown trigger={['click']} menu={{ items: one.merged.map((id) => ({ key: id, label: <span className="mono">{id}</span> })), onClick: ({ key }) => void unmerge(key) }}>
          <Button icon={<MoreOutlined />}>{t('unmerge')}</Button>
        </Dropdown>
      )}
      <Modal open={Boolean(asking)} onCancel={() => setAsking(undefined)} onOk={() => void goOn()} okButtonProps={{ disabled: !other.trim() }} title={asking === 'merge' ? t('merge_which') : asking && t(`above_which.${asking}`)} okText={t('go_on')} cancelText={t('act.cancel', { ns: 'common' })}>
        <Input autoFocus aria-label={t('merge_other')} placeholder={t('merge_other')} value={other} onChange={(event) => setOther(event.target.value)} onPressEnter={() => void goOn()} />
      </Modal>
    </>
  )
}
