// What quick find finds: pages by their names at once, and what the hub knows by a key or a name as one types.
import { useQueries } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, hub } from '../api/client'
import { PAGES } from './pages'

/** How long somebody pauses before the hub is asked. */
const PAUSE = 200
/** The most that is shown of each kind. */
const MOST = { pages: 5, connectors: 4, messages: 3, customers: 5 }

export interface Found { key: string; label: string; to: string; hint?: string; mono?: boolean }
export interface Kind { key: string; label: string; found: Found[] }

/** The text once nobody has typed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

/** What a text finds, in kinds; what the hub answers later stands below what is there at once. */
export function useFound(text: string): { kinds: Kind[]; asking: boolean } {
  const { t } = useTranslation()
  const wanted = text.trim()
  const settled = useSettled(wanted)
  const connectors = hub.useQuery('get', '/api/v1/connectors', {}, { enabled: Boolean(wanted), retry: 0 })
  // One letter of an alphabet is in everything, one Chinese character is in few names.
  const asks = settled.length > 1 || /[^\p{ASCII}]/u.test(settled)
  const options = { enabled: asks, retry: 0, staleTime: 10_000 }
  const [traced, named, parked] = useQueries({
    queries: [
      { ...options, queryKey: ['find', 'messages', settled], queryFn: async () => (await api.GET('/api/v1/trace/{key}', { params: { path: { key: settled }, query: { limit: MOST.messages } } })).data! },
      { ...options, queryKey: ['find', 'customers', settled], queryFn: async () => (await api.GET('/api/v1/masters', { params: { query: { q: settled, limit: MOST.customers } } })).data! },
      { ...options, queryKey: ['find', 'parked', settled], queryFn: async () => (await api.GET('/api/v1/parked/count', { params: { query: { key: settled } } })).data! },
    ],
  })
  const lower = wanted.toLowerCase()
  const key = encodeURIComponent(wanted)
  const pages = PAGES.filter((page) => !page.path.includes(':'))
    .map((page) => ({ key: `page-${page.key}`, label: t(`nav.${page.key}`), to: page.path, hint: t(`group.${page.group}`) }))
    .filter(({ label }) => label.toLowerCase().includes(lower))
  const begins = wanted ? pages.filter(({ label }) => label.toLowerCase().startsWith(lower)) : []
  const kinds: Kind[] = [
    { key: 'pages', label: t('find.pages'), found: wanted ? [...new Set([...begins, ...pages])].slice(0, MOST.pages) : pages },
    {
      key: 'connectors',
      label: t('nav.connectors'),
      found: (wanted ? (connectors.data ?? []) : [])
        .filter(({ name }) => name.toLowerCase().includes(lower))
        .slice(0, MOST.connectors)
        .map(({ name, kind }) => ({ key: `connector-${name}`, label: name, to: `/connectors/${name}`, hint: kind })),
    },
  ]
  // Whoever types a key and presses Enter is led to it, but not by the name of a page.
  const jump = { key: 'jump', label: t('find.jump'), found: wanted ? [{ key: 'trace', label: t('find.trace', { key: wanted }), to: `/trace/${key}`, hint: t('nav.trace') }] : [] }
  if (begins.length) kinds.push(jump)
  else kinds.unshift(jump)
  const current = settled === wanted && asks
  if (current) {
    kinds.push(
      {
        key: 'messages',
        label: t('nav.messages'),
        found: (traced.data?.items ?? []).map((message) => ({
          key: `message-${message.id}`,
          label: `${message.business_key ?? message.native_id ?? message.id} · ${t(`entity.${message.entity}`, { defaultValue: message.entity })}`,
          to: `/trace/${message.id}`,
          hint: `${message.source} → ${message.targets.join(', ') || '–'}`,
        })),
      },
      {
        key: 'parked',
        label: t('nav.parked'),
        found: parked.data?.count ? [{ key: 'parked', label: t('find.parked', { key: wanted, count: parked.data.count }), to: `/parked?key=${key}` }] : [],
      },
      {
        key: 'customers',
        label: t('nav.customers'),
        found: [
          ...(named.data?.items ?? []).map((customer) => ({ key: `customer-${customer.master_id}`, label: customer.legal_name ?? customer.short_name ?? customer.master_id, to: `/customers/${customer.master_id}`, hint: customer.code ?? undefined })),
          ...(named.data?.items.length ? [{ key: 'customers', label: t('find.customer', { key: wanted }), to: `/customers?q=${key}` }] : []),
        ],
      },
    )
  }
  const asking = Boolean(wanted) && (settled !== wanted || (asks && [traced, named, parked].some((one) => one.isFetching)))
  return { kinds: kinds.filter(({ found }) => found.length), asking }
}
