// What is asked of the messages, and how the hub answers: of one record by its key, of what went to a target or
// stands so there by its deliveries, of all else by the journal.
import { api, type Schemas } from '../../api/client'

export interface Asked {
  key?: string
  text?: string
  source?: string
  target?: string
  entity?: string
  /** How it stands in the hub. */
  state?: string
  /** How it stands at a target. */
  delivery?: string
  since?: string
  until?: string
}

/** A message as the list shows it; by its deliveries, once for each. */
export interface Found {
  row: string
  id: string
  at: string
  entity: string
  key: string
  source?: string
  targets: { system: string; state?: string }[]
  state: string
  detail?: string | null
}

export interface Page {
  items: Found[]
  next: string | number | null
}

/** Whether it is asked what became of messages at their targets. */
export const ofDeliveries = (asked: Asked) => Boolean(asked.target || asked.delivery)

const LIMIT = 50
/** Of a record all is looked through, so more at once. */
const LIMIT_OF_KEY = 500

export async function search(asked: Asked, after: string | number | undefined): Promise<Page> {
  const { key, text, source, target, entity, state, delivery, since, until } = asked
  if (key) return searchKey(key, asked, after as number | undefined)
  if (ofDeliveries(asked)) {
    const query = { system: target, state: delivery, entity, source, text, since, until, after: after as string | undefined, limit: LIMIT }
    const { data } = await api.GET('/api/v1/deliveries', { params: { query } })
    return { items: data!.items.map(ofDelivery), next: data!.next ?? null }
  }
  const query = { source, entity, state, text, since, until, after: after as number | undefined, limit: LIMIT }
  const { data } = await api.GET('/api/v1/messages', { params: { query } })
  return { items: data!.items.map(ofMessage), next: data!.next ?? null }
}

/** A key names every message of a record, whichever of its ids it is; pages that hold nothing that fits are passed over. */
async function searchKey(key: string, asked: Asked, after: number | undefined): Promise<Page> {
  const { data } = await api.GET('/api/v1/trace/{key}', { params: { path: { key }, query: { after, limit: LIMIT_OF_KEY } } })
  const { items, next } = data!
  const found = items.filter((message) => fits(message, asked))
  return found.length || next == null ? { items: found.map(ofMessage), next: next ?? null } : searchKey(key, asked, next)
}

/** Where what is asked is had as a file; of a key there is none. */
export function fileOf(asked: Asked, format: string): string {
  const { source, target, entity, state, delivery, text, since, until } = asked
  const parts = ofDeliveries(asked) ? { system: target, state: delivery, entity, source, text, since, until } : { source, entity, state, text, since, until }
  const given = Object.entries({ ...parts, format }).flatMap(([name, value]) => (value ? [[name, value]] : []))
  return `/api/v1/${ofDeliveries(asked) ? 'deliveries' : 'messages'}/export?${new URLSearchParams(given)}`
}

function fits(message: Schemas['TraceView'], { source, target, entity, state, delivery, since, until }: Asked): boolean {
  const went = ({ system, state }: Schemas['DeliveryView']) => (!target || system === target) && (!delivery || state === delivery)
  return (
    (!source || message.source === source) &&
    (!entity || message.entity === entity) &&
    (!state || message.state === state) &&
    (!since || message.journaled_at >= since) &&
    (!until || message.journaled_at < until) &&
    (!(target || delivery) || message.deliveries.some(went))
  )
}

function ofMessage(message: Schemas['TraceView']): Found {
  const state = (target: string) => message.deliveries.find(({ system }) => system === target)?.state
  return {
    row: message.id,
    id: message.id,
    at: message.journaled_at,
    entity: message.entity,
    key: message.business_key ?? message.native_id ?? message.id,
    source: message.source,
    targets: message.targets.map((system) => ({ system, state: state(system) })),
    state: message.state,
    detail: message.detail,
  }
}

function ofDelivery({ message_id, entity, delivery, message }: Schemas['DeliveredView']): Found {
  return {
    row: `${message_id}/${delivery.system}`,
    id: message_id,
    at: delivery.at,
    entity,
    key: message?.business_key ?? message?.native_id ?? message_id,
    source: message?.source,
    targets: [{ system: delivery.system, state: delivery.state }],
    state: delivery.state,
    detail: delivery.detail,
  }
}
