import { Alert, Button, Empty, Segmented, Skeleton, Tag } from 'antd'
import { CopyOutlined, DownOutlined, MergeOutlined, RightOutlined } from '@ant-design/icons'
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { api, hub, type Schemas } from '../../api/client'
import { useAskWhy, useSay } from '../../parts/ask'
import { Cause } from '../../parts/Cause'
import { useCopy } from '../../parts/copy'
import { useFormat } from '../../parts/format'
import { History } from '../../parts/History'
import { PageHead } from '../../parts/PageHead'
import { State, toneOf } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'
import { Stages } from './Stages'
import { isDocument, Together } from './Together'
import './trace.css'

type Message = Schemas['TraceView']
type Merge = Schemas['Merge']

const PAGE = 100
/** How often the first page is asked for anew. */
const EVERY = 1_500

/** Everything that happened under a key: which system said what when, and where it went. */
export default function Trace() {
  const { t } = useTranslation('trace')
  const { key = '' } = useParams()
  const [order, setOrder] = useState<'newest' | 'oldest'>('newest')
  const found = useInfiniteQuery({
    queryKey: ['trace', key],
    initialPageParam: undefined as number | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/trace/{key}', { params: { path: { key }, query: { after: pageParam, limit: PAGE } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
    // Further pages stay as they are while somebody reads them.
    refetchInterval: ({ state }) => (state.data?.pages.length ?? 0) <= 1 && EVERY,
  })
  const known = found.data?.pages.flatMap((page) => page.items) ?? []
  // What came since may be of another customer.
  const merged = useQuery({
    queryKey: ['merges', key, known[0]?.id],
    enabled: known.length > 0,
    placeholderData: keepPreviousData,
    queryFn: async () => (await api.GET('/api/v1/trace/{key}/merges', { params: { path: { key } } })).data!.items,
  })
  const one = known.length === 1 ? known[0] : undefined
  const around = one?.business_key ?? one?.native_id
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active className="page" />
  const story = told(known, merged.data ?? [], found.hasNextPage)
  if (order === 'oldest') story.reverse()
  const older = found.hasNextPage && (
    <div className="more">
      <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('older')}</Button>
    </div>
  )
  // A record that is asked for by its identity is called as people call it.
  const names = [...new Set(known.map((message) => message.business_key ?? message.native_id))]
  const name = (names.length === 1 && names[0]) || key
  const documents = [...new Set(known.flatMap((message) => (isDocument(message.entity) && message.master_id ? [message.master_id] : [])))]
  return (
    <div className="page">
      <PageHead
        crumb={<Link to="/messages">{t('nav.messages', { ns: 'common' })}</Link>}
        title={t('title', { key: name })}
        text={known.length ? t(found.hasNextPage ? 'count_newest' : 'count', { count: known.length }) : undefined}
        tools={
          <>
            {one && around && around !== key && <Link to={`/trace/${encodeURIComponent(around)}`}>{t('whole_story')}</Link>}
            {known[0]?.master_id && known[0].entity === 'customer' && <Link to={`/customers/${known[0].master_id}`}>{t('customer')}</Link>}
            {known.length > 1 && (
              <Segmented
                aria-label={t('order')}
                value={order}
                onChange={(value) => setOrder(value as 'newest' | 'oldest')}
                options={[{ value: 'newest', label: t('newest') }, { value: 'oldest', label: t('oldest') }]}
              />
            )}
          </>
        }
      />
      {known.length === 0 ? (
        <div className="panel" style={{ padding: 40 }}>
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('nothing', { key })} />
        </div>
      ) : (
        <div className="stack">
          {documents.length === 1 && <Together id={documents[0]!} />}
          {order === 'oldest' && older}
          <ol className="story">
            {story.map((one) =>
              'survivor' in one
                ? <Merged key={`${one.at} ${one.merged.master_id}`} merge={one} />
                : <Step key={one.id} message={one} open={known.length === 1} />,
            )}
          </ol>
          {order === 'newest' && older}
        </div>
      )}
    </div>
  )
}

/** Messages and the merges that they met, the newest first; of messages that are not all there, no merge before the eldest. */
function told(messages: Message[], merges: Merge[], cut: boolean): (Message | Merge)[] {
  const when = (one: Message | Merge) => Date.parse('survivor' in one ? one.at : one.accepted_at)
  const eldest = cut && messages.length ? when(messages.at(-1)!) : -Infinity
  const met = merges.filter((merge) => when(merge) >= eldest)
  // Messages stay in the hub's own order: each merge stands before the first that is not after it.
  const story: (Message | Merge)[] = []
  for (const message of messages) {
    while (met.length && when(met[0]!) > when(message)) story.push(met.shift()!)
    story.push(message)
  }
  return [...story, ...met]
}

/** A customer that became one with another, or its own again. */
function Merged({ merge }: { merge: Merge }) {
  const { t } = useTranslation('trace')
  const { clock, day } = useFormat()
  const named = ({ master_id, code, name }: Merge['merged']) => (
    <Link to={`/customers/${master_id}`}>{code && <span className="mono">{code} </span>}{name ?? (code ? '' : master_id)}</Link>
  )
  return (
    <li className="story-step merge">
      <div className="story-when small">
        <span className="number">{clock(merge.at)}</span>
        <span className="quiet number">{day(merge.at)}</span>
      </div>
      <article className="story-merge">
        <MergeOutlined aria-hidden="true" />
        <div>
          <b>{t(merge.undone ? 'parted' : 'merged')}</b> {named(merge.merged)} <span className="quiet">{t(merge.undone ? 'out_of' : 'into')}</span> {named(merge.survivor)}
          <div className="small"><Cause cause={merge.cause} /></div>
        </div>
      </article>
    </li>
  )
}

function Step({ message, open: initially }: { message: Message; open: boolean }) {
  const { t } = useTranslation('trace')
  const { clock, day } = useFormat()
  const [open, setOpen] = useState(initially)
  const missing = message.targets.filter((target) => !message.deliveries.some((delivery) => delivery.system === target))
  return (
    <li className={`story-step ${toneOf(message.state)}`}>
      <div className="story-when small">
        <span className="number">{clock(message.accepted_at)}</span>
        <span className="quiet number">{day(message.accepted_at)}</span>
      </div>
      <article className="panel">
        <header className="story-head">
          <Button
            type="text"
            size="small"
            icon={open ? <DownOutlined /> : <RightOutlined />}
            aria-expanded={open}
            aria-label={t('stages')}
            onClick={() => setOpen(!open)}
          />
          <b>{t('said', { system: message.source })}</b>
          <Tag>{t(`entity.${message.entity}`, { ns: 'common', defaultValue: message.entity })}</Tag>
          <Link className="mono" to={`/trace/${encodeURIComponent(message.business_key ?? message.native_id ?? message.id)}`}>
            {message.business_key ?? message.native_id ?? message.id}
          </Link>
          <span className="grow" />
          <State state={message.state} />
        </header>
        {message.detail && <Alert className="story-alert" type={message.state === 'invalid' ? 'error' : 'info'} title={<span className="break">{message.detail}</span>} />}
        <Way message={message} missing={missing} />
        {open && (
          <div className="story-open">
            <dl className="facts small">
              <dt>{t('type')}</dt><dd className="mono">{message.type}</dd>
              <dt>{t('id')}</dt><dd className="mono">{message.id}</dd>
              {message.correlation_id !== message.id && (<><dt>{t('correlation')}</dt><dd><Link className="mono" to={`/trace/${message.correlation_id}`}>{message.correlation_id}</Link></dd></>)}
              {message.causation_id && (<><dt>{t('causation')}</dt><dd><Link className="mono" to={`/trace/${message.causation_id}`}>{message.causation_id}</Link></dd></>)}
              <TraceId id={message.trace_id} />
              {message.master_id && (<><dt>{t('master')}</dt><dd className="mono">{message.entity === 'customer' ? <Master id={message.master_id} /> : message.master_id}</dd></>)}
              <dt>{t('origin')}</dt><dd className="break">{message.origin}</dd>
              <dt>{t('occurred')}</dt><dd><When at={message.occurred_at} exact /></dd>
            </dl>
            <Attempts id={message.id} />
            <Stages id={message.id} entity={message.entity} />
          </div>
        )}
      </article>
    </li>
  )
}

/** What tools that show traces find it by. */
function TraceId({ id }: { id: string }) {
  const { t } = useTranslation('trace')
  const copy = useCopy()
  return (
    <>
      <dt>{t('trace_id')}</dt>
      <dd className="mono">
        {id} <Button type="text" size="small" icon={<CopyOutlined />} aria-label={t('copy_trace_id')} onClick={() => void copy(id)} />
      </dd>
    </>
  )
}

/** The master that a record was given, and into which it has been merged since. */
function Master({ id }: { id: string }) {
  const { t } = useTranslation('trace')
  const found = hub.useQuery('get', '/api/v1/masters/{id}', { params: { path: { id } } }, { retry: 0 })
  const master = found.data as { merged_into?: string | null; merged?: string[] } | undefined
  return (
    <>
      <Link to={`/customers/${id}`}>{id}</Link>
      {master?.merged_into && <span className="merge"> {t('merged_into')} <Link to={`/customers/${master.merged_into}`}>{master.merged_into}</Link></span>}
      {Boolean(master?.merged?.length) && <span className="merge quiet"> {t('merged_here', { count: master!.merged!.length })}</span>}
    </>
  )
}

/** What was tried before it went through, and what people did about it; nothing where it went at once. */
function Attempts({ id }: { id: string }) {
  const { t } = useTranslation('trace')
  const found = hub.useQuery('get', '/api/v1/messages/{id}/attempts', { params: { path: { id } } }, { retry: 0, refetchInterval: 2_000 })
  if (!found.data?.length) return null
  return (
    <section className="stack" style={{ gap: 12 }}>
      <h3 className="section">{t('tried')}</h3>
      <History events={found.data} />
    </section>
  )
}

/** The way through the hub to each system, as bars over one span of time. */
function Way({ message, missing }: { message: Message; missing: string[] }) {
  const { t } = useTranslation('trace')
  const { duration } = useFormat()
  const from = new Date(message.accepted_at).getTime()
  const after = (at: string) => Math.max(0, new Date(at).getTime() - from)
  const journaled = after(message.journaled_at)
  const span = Math.max(1, journaled, ...message.deliveries.map((delivery) => after(delivery.at)))
  const bar = (start: number, end: number, tone: string) => (
    <span className="way-track" aria-hidden="true">
      <i className={tone} style={{ left: `${(start / span) * 100}%`, width: `max(3px, ${((end - start) / span) * 100}%)` }} />
    </span>
  )
  return (
    <div className="way small">
      <span>{t('journaled')}</span>
      {bar(0, journaled, 'info')}
      <span className="number quiet">+{duration(journaled)}</span>
      <span className="quiet clip">{message.targets.length ? t('routed_to', { systems: message.targets.join(', ') }) : t('routed_nowhere')}</span>
      {message.deliveries.map((delivery) => (
        <WayRow key={delivery.system}>
          <Link to={`/connectors/${delivery.system}`}>{delivery.system}</Link>
          {bar(Math.min(journaled, after(delivery.at)), after(delivery.at), toneOf(delivery.state))}
          <span className="number quiet">+{duration(after(delivery.at))}</span>
          <span className="way-answer">
            <State state={delivery.state} />
            {delivery.native_id && <span className="chip mono">{delivery.native_id}</span>}
            {delivery.attempts > 1 && <span className="wait">{t('attempts', { count: delivery.attempts })}</span>}
            {delivery.detail && <span className="quiet break">{delivery.detail}</span>}
            {['delivered', 'dropped'].includes(delivery.state) && <Again id={message.id} system={delivery.system} />}
          </span>
        </WayRow>
      ))}
      {missing.map((system) => (
        <WayRow key={system}>
          <Link to={`/connectors/${system}`}>{system}</Link>
          {bar(journaled, span, 'idle')}
          <span />
          <State state="underway" />
        </WayRow>
      ))}
    </div>
  )
}

/** Delivers the message once more to a system that had it; nothing for who may not. */
function Again({ id, system }: { id: string; system: string }) {
  const { t } = useTranslation('trace')
  const may = useMay('operate')
  const askWhy = useAskWhy()
  const say = useSay()
  const queries = useQueryClient()
  if (!may) return null
  async function again() {
    const because = await askWhy(t('again_title', { system }), t('again_text'), { required: true, ok: t('again') })
    if (!because) return
    try {
      await api.POST('/api/v1/messages/{id}/resend', { params: { path: { id } }, body: { system, because } })
      say.done(t('again_done', { system }))
      await queries.invalidateQueries()
    } catch (error) {
      say.failed(error)
    }
  }
  return <button type="button" className="linkish" onClick={() => void again()}>{t('again')}</button>
}

function WayRow({ children }: { children: React.ReactNode }) {
  return <>{children}</>
}
