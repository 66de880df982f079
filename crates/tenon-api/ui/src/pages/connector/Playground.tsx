import { Alert, Button, Select } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { api, hub, type Schemas } from '../../api/client'
import { useAskWhy, useSay } from '../../parts/ask'
import { Code, ordered, pretty, readable } from '../../parts/Code'
import { useFormat } from '../../parts/format'
import { useMay } from '../../session/session'

/** How many messages are offered; any other is found by its id. */
const OFFERED = 20

/** Tries a mapping over a record: one that somebody writes, a case of the mapping, or a message that came. Nothing is stored and nothing is sent, unless somebody says so. */
export function Playground({ system, mappings }: { system: string; mappings: Schemas['MappingView'][] }) {
  const { t } = useTranslation('connectors')
  const { time } = useFormat()
  const say = useSay()
  const askWhy = useAskWhy()
  const reveals = useMay('reveal')
  const operates = useMay('operate')
  const [params, setParams] = useSearchParams()
  const id = (mapping: Schemas['MappingView']) => `${mapping.direction}.${mapping.entity}`
  const chosen = mappings.find((mapping) => id(mapping) === params.get('mapping')) ?? mappings[0]
  const cases = (chosen?.cases ?? []).filter((one) => one.input != null)
  const one = cases.find(({ name }) => name === params.get('case'))
  const message = one ? undefined : params.get('message') ?? undefined
  const [source, setSource] = useState(chosen?.source ?? '.')
  const [input, setInput] = useState('{}')
  const [attributes, setAttributes] = useState<unknown>({ source: system })
  const [masked, setMasked] = useState(false)
  const [tried, setTried] = useState<Schemas['Tried']>()
  const [busy, setBusy] = useState(false)
  const [sought, setSought] = useState('')
  // Of an inbound mapping, what this system told; of an outbound one, what it may be given, whoever told it.
  const query = { entity: chosen?.entity, limit: OFFERED, ...(chosen?.direction === 'in' ? { source: system } : {}) }
  const recent = hub.useQuery('get', '/api/v1/messages', { params: { query } }, { enabled: Boolean(chosen) })
  const choose = (change: Record<string, string | undefined>) => {
    const next = new URLSearchParams(params)
    for (const [name, value] of Object.entries(change)) value ? next.set(name, value) : next.delete(name)
    setParams(next, { replace: true })
  }
  const last = useRef(0)
  async function run(program: string, record: string, seen: unknown) {
    const turn = ++last.current
    setBusy(true)
    try {
      const { data } = await api.POST('/api/v1/mappings/try', {
        body: { source: program, input: record, system, file: chosen?.file, canonical: chosen?.direction === 'in' ? chosen.entity : undefined, message: seen as never },
      })
      if (turn === last.current) setTried(data)
    } catch (error) {
      say.failed(error)
    } finally {
      if (turn === last.current) setBusy(false)
    }
  }
  function take(record: string, seen: unknown, isMasked: boolean, program = source) {
    setInput(record)
    setAttributes(seen)
    setMasked(isMasked)
    void run(program, record, seen)
  }
  async function show(wanted: string, program: string) {
    try {
      const path = { params: { path: { id: wanted } } }
      const [{ data: bodies }, { data: found }] = await Promise.all([api.GET('/api/v1/messages/{id}/bodies', path), api.GET('/api/v1/messages/{id}', path)])
      const body = chosen?.direction === 'in' ? bodies?.raw : bodies?.canonical
      if (body == null) return say.failed(new Error(t('no_body')))
      take(pretty(body), { source: found?.source ?? system }, true, program)
    } catch (error) {
      say.failed(error)
    }
  }
  async function reveal() {
    const because = await askWhy(t('reveal_title'), t('reveal_text'), { ok: t('reveal') })
    if (because === null || !message) return
    try {
      const { data } = await api.POST('/api/v1/messages/{id}/reveal', { params: { path: { id: message } }, body: { because } })
      const { raw, canonical } = data as { raw?: string | null; canonical?: unknown }
      const body = chosen?.direction === 'in' ? raw : canonical
      if (body == null) return say.failed(new Error(t('no_body')))
      take(typeof body === 'string' ? readable(body) : pretty(body), attributes, false)
    } catch (error) {
      say.failed(error)
    }
  }
  /** The record goes in as if the system had sent it; one that is masked would be another. */
  async function send() {
    const because = await askWhy(t('send_title', { system }), t('send_text'), { ok: t('send') })
    if (because === null || !chosen) return
    try {
      const { data } = await api.POST('/api/v1/connectors/{name}/send', { params: { path: { name: system } }, body: { entity: chosen.entity, records: input, because } })
      say.done(t('sent', { count: data!.accepted.length }))
      void recent.refetch()
    } catch (error) {
      say.failed(error)
    }
  }
  // What the address names is loaded and tried: it can be sent to a colleague.
  const key = chosen && id(chosen)
  useEffect(() => {
    const program = chosen?.source ?? '.'
    setSource(program)
    setTried(undefined)
    setMasked(false)
    if (one) take(readable(one.input!), one.message, false, program)
    else if (message) void show(message, program)
    else {
      setInput('{}')
      setAttributes({ source: system })
    }
  }, [key, one?.name, message])
  return (
    <div className="stack" onKeyDown={(event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && void run(source, input, attributes)}>
      <div className="row wrap">
        <Select
          aria-label={t('mapping')}
          style={{ width: 240 }}
          value={key}
          options={mappings.map((mapping) => ({ value: id(mapping), label: `${t(`entity.${mapping.entity}`, { ns: 'common', defaultValue: mapping.entity })} · ${t(`way.${mapping.direction}`)}` }))}
          onChange={(wanted) => choose({ mapping: wanted, case: undefined, message: undefined })}
        />
        <Select
          aria-label={t('pick_case')}
          style={{ width: 220 }}
          allowClear
          disabled={cases.length === 0}
          placeholder={cases.length ? t('pick_case') : t('no_cases')}
          value={one?.name}
          options={cases.map(({ name, failure }) => ({ value: name, label: failure ? `✕ ${name}` : name }))}
          onChange={(name) => choose({ case: name, message: undefined })}
        />
        <Select
          aria-label={t('pick_message')}
          style={{ width: 300 }}
          allowClear
          showSearch={{ onSearch: setSought, filterOption: (text, option) => String(option?.label).includes(text) || option?.value === text }}
          placeholder={t('pick_message')}
          value={message}
          options={offered(recent.data?.items ?? [], [sought, message], time)}
          onChange={(wanted) => choose({ message: wanted, case: undefined })}
        />
        <Button type="primary" loading={busy} onClick={() => void run(source, input, attributes)}>{t('run')} <kbd>Ctrl ↵</kbd></Button>
        {operates && chosen?.direction === 'in' && <Button disabled={masked} onClick={() => void send()}>{t('send')} …</Button>}
      </div>
      <span className="quiet small">{t('playground_text')}</span>
      {masked && <Alert type="info" showIcon title={t('masked')} action={reveals && <Button size="small" onClick={() => void reveal()}>{t('reveal')}</Button>} />}
      <div className="cols">
        <div><h3 className="label">{t('mapping')}</h3><Code label={t('mapping')} text={source} onChange={setSource} language="plain" height="360px" /></div>
        <div><h3 className="label">{t('record')}</h3><Code label={t('record')} text={input} onChange={setInput} height="360px" /></div>
      </div>
      {tried && (
        <div className="stack" aria-live="polite">
          {tried.problems.map((problem, at) => <Alert key={at} type="error" showIcon title={`${problem.line ?? '–'}:${problem.column ?? '–'} ${problem.message}`} description={problem.help} />)}
          {tried.failure && <Alert type={one?.error && tried.failure.includes(one.error) ? 'success' : 'error'} showIcon title={<span className="break">{tried.failure}</span>} description={one?.error && t('expected_error', { text: one.error })} />}
          {tried.violations && <Alert type="warning" showIcon title={t('violations')} description={<pre className="break" style={{ whiteSpace: 'pre-wrap', margin: 0 }}>{tried.violations}</pre>} />}
          {tried.skipped && <Alert type={one && !one.skipped ? 'warning' : 'info'} showIcon title={t('skipped')} />}
          {tried.output && !tried.violations && <Alert type="success" showIcon title={t('ran', { us: tried.took_us })} />}
          {one?.expect != null ? <Compared expected={one.expect} output={tried.output ?? ''} /> : tried.output && <><h3 className="label">{t('output')}</h3><Code label={t('output')} text={readable(tried.output)} /></>}
          {one && !one.expect && tried.output && <Alert type="warning" showIcon title={one.skipped ? t('expected_nothing') : t('expected_error', { text: one.error })} />}
        </div>
      )}
    </div>
  )
}

/** What a case expects beside what came out; where they differ, the lines that do. */
function Compared({ expected, output }: { expected: string; output: string }) {
  const { t } = useTranslation('connectors')
  const [left, right] = [inOrder(expected), output && inOrder(output)]
  return (
    <div className="stack" style={{ gap: 8 }}>
      <Alert type={left === right ? 'success' : 'error'} showIcon title={left === right ? t('as_expected') : t('not_as_expected')} />
      <h3 className="label">{t('compared')}</h3>
      <Code label={t('compared')} before={left} text={right} />
    </div>
  )
}

/** The newest messages, and the one that an address or a search names by its id. */
function offered(items: Schemas['MessageView'][], wanted: (string | undefined)[], time: (at: string) => string) {
  const listed = items.map((item) => ({ value: item.id, label: `${item.business_key ?? item.id} · ${item.source} · ${time(item.occurred_at)}` }))
  const ids = wanted.filter((text): text is string => /^[0-9a-f-]{36}$/.test(text ?? ''))
  return [...listed, ...[...new Set(ids)].filter((text) => !listed.some(({ value }) => value === text)).map((text) => ({ value: text, label: text }))]
}

/** JSON text with its members in one order; a number that JavaScript cannot hold leaves the text as it is. */
function inOrder(text: string): string {
  const value: unknown = JSON.parse(text)
  return /\d{16,}/.test(text) ? text : pretty(ordered(value))
}
