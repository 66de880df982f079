import { Alert, Button, Drawer, Empty, Skeleton, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, hub, type Schemas } from '../../api/client'
import { useAskWhy, useSay } from '../../parts/ask'
import { Code, pretty } from '../../parts/Code'
import { useFormat } from '../../parts/format'
import { useOpened } from '../../parts/opened'
import { PageHead, Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'

type Letter = Schemas['DeadLetterView']
type Revealed = Schemas['DeadLetterRevealed']

/** What was given up: a person looks why, and sends it again or lets it go. */
export default function DeadLetters() {
  const { t } = useTranslation('dead_letters')
  const { number } = useFormat()
  const open = useOpened('letter')
  const [picked, setPicked] = useState<string[]>([])
  const [stays, setStays] = useState<Schemas['DeadLetterStays'][]>([])
  const [busy, setBusy] = useState(false)
  const may = useMay('operate')
  const say = useSay()
  const askWhy = useAskWhy()
  const found = hub.useQuery('get', '/api/v1/dead-letters', {}, { refetchInterval: 5_000 })
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active className="page" />
  const { items, total } = found.data
  // Letters that are the same in all have one name, and are done with together.
  const letters = [...new Map(items.map((letter) => [letter.id, letter])).values()]
  const copies = (id: string) => items.filter((letter) => letter.id === id).length
  const ids = picked.filter((id) => letters.some((letter) => letter.id === id))
  const chosen = letters.find(({ id }) => id === open.id)
  async function act(again: boolean, wanted: string[]) {
    const count = wanted.length
    const because = await askWhy(t(again ? 'redrive_title' : 'drop_title', { count }), t(again ? 'redrive_text' : 'drop_text'), { ok: t(again ? 'redrive' : 'drop'), danger: !again, required: !again })
    if (because === null) return
    setBusy(true)
    try {
      const body = { ids: wanted, because }
      const { data } = again ? await api.POST('/api/v1/dead-letters/redrive', { body }) : await api.POST('/api/v1/dead-letters/drop', { body })
      setStays(data?.stay ?? [])
      if (data?.done) say.done(t(again ? 'redriven' : 'dropped', { count: data.done }))
      setPicked([])
      open.close()
      await found.refetch()
    } catch (error) {
      say.failed(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="page stack">
      <PageHead
        crumb={<Link to="/parked">{t('nav.parked', { ns: 'common' })}</Link>}
        title={t('title')}
        text={t('text')}
        tools={may && ids.length > 0 && (
          <>
            <Button type="primary" loading={busy} onClick={() => void act(true, ids)}>{t('redrive_count', { count: ids.length })}</Button>
            <Button danger loading={busy} onClick={() => void act(false, ids)}>{t('drop')}</Button>
          </>
        )}
      />
      {stays.map(({ id, because }) => <Alert key={id} type="warning" showIcon closable title={t('stays')} description={<span className="break">{because}</span>} />)}
      {total > items.length && <Alert type="info" showIcon title={t('more', { total: number(total), shown: number(items.length) })} />}
      <Panel flush>
        <Table
          size="small"
          rowKey="id"
          pagination={false}
          scroll={{ x: 860 }}
          dataSource={letters}
          locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('none')} /> }}
          rowSelection={may ? { selectedRowKeys: ids, onChange: (keys) => setPicked(keys as string[]), getCheckboxProps: ({ message_id, id }) => ({ 'aria-label': t('pick', { name: message_id ?? id }) }) as object } : undefined}
          columns={[
            { title: t('message'), render: (_, letter: Letter) => <><button type="button" className="linkish mono" onClick={() => open.open(letter.id)}>{letter.message_id ?? letter.id}</button>{copies(letter.id) > 1 && <span className="chip">×{copies(letter.id)}</span>}<div className="quiet small">{[letter.source, letter.kind].filter(Boolean).join(' · ') || t('unreadable')}</div></> },
            { title: t('queue'), dataIndex: 'queue', render: (queue?: string) => <span className="mono">{queue ?? '–'}</span> },
            { title: t('reason'), dataIndex: 'reason', render: (reason?: string) => <span className="break">{reason ?? '–'}</span> },
            { title: t('since'), dataIndex: 'at', render: (at?: string) => <When at={at} /> },
          ]}
        />
      </Panel>
      <Drawer open={Boolean(chosen)} onClose={open.close} title={t('letter')} size={560}>
        {chosen && <One key={chosen.id} letter={chosen} may={may} busy={busy} act={(again) => act(again, [chosen.id])} />}
      </Drawer>
    </div>
  )
}

function One({ letter, may, busy, act }: { letter: Letter; may: boolean; busy: boolean; act: (again: boolean) => Promise<void> }) {
  const { t } = useTranslation('dead_letters')
  const { number, time } = useFormat()
  const reveals = useMay('reveal')
  const say = useSay()
  const askWhy = useAskWhy()
  const [shown, setShown] = useState<Revealed>()
  async function reveal() {
    const because = await askWhy(t('reveal_title'), t('reveal_text'), { ok: t('reveal') })
    if (because === null) return
    try {
      const { data } = await api.POST('/api/v1/dead-letters/{id}/reveal', { params: { path: { id: letter.id } }, body: { because } })
      setShown(data)
    } catch (error) {
      say.failed(error)
    }
  }
  return (
    <div className="stack">
      <Alert type="error" showIcon title={<span className="break">{letter.reason ?? t('no_reason')}</span>} />
      <dl className="facts">
        <dt>{t('message')}</dt>
        <dd className="mono break">{letter.message_id ?? '–'}</dd>
        <dt>{t('source')}</dt>
        <dd>{letter.source ?? '–'}</dd>
        <dt>{t('kind')}</dt>
        <dd className="break">{letter.kind ?? '–'}</dd>
        <dt>{t('queue')}</dt>
        <dd className="mono">{letter.queue ?? '–'}</dd>
        <dt>{t('since')}</dt>
        <dd>{letter.at ? time(letter.at) : '–'}</dd>
        <dt>{t('size')}</dt>
        <dd className="number">{t('bytes', { number: number(letter.bytes) })}</dd>
      </dl>
      {shown ? (
        <>
          <h3 className="label">{t('body')}</h3>
          <Code label={t('body')} text={shown.raw ?? shown.raw_base64 ?? ''} language="plain" />
          <h3 className="label">{t('headers')}</h3>
          <Code label={t('headers')} text={pretty(Object.fromEntries(shown.headers as [string, string][]))} />
        </>
      ) : (
        <p className="quiet">{t('hidden')}</p>
      )}
      <div className="row">
        {may && <Button type="primary" loading={busy} onClick={() => void act(true)}>{t('redrive')}</Button>}
        {may && <Button danger loading={busy} onClick={() => void act(false)}>{t('drop')}</Button>}
        {reveals && !shown && <Button onClick={() => void reveal()}>{t('reveal')}</Button>}
      </div>
    </div>
  )
}
