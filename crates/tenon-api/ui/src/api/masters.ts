// Masters and reviews, whose documents are described as objects: what the console reads of them.
import { api } from './client'

export interface Provenance { system: string; native_id: string; at: string }
export interface MasterRecord { system: string; native_id: string; told: boolean; of?: string | null }
export interface Affiliation { master_id: string; kind: 'branch' | 'member' }

export interface Master {
  master_id: string
  code?: string | null
  version: number
  merged_into?: string | null
  golden: Record<string, unknown>
  provenance: Record<string, Provenance>
  records: MasterRecord[]
  merged: string[]
  parents: Affiliation[]
  children: Affiliation[]
  quality: { score?: number; lacks?: string[] }
  pins: Record<string, { by: string; because: string; at: string }>
  claim?: { owner: string; since: string; until: string } | null
}

export interface Version { version: number; at: string; merged_into?: string | null; golden: Record<string, unknown> }

export interface Review {
  id: number
  one: string
  other: string
  state: string
  reason: string
  evidence: unknown
  opened_at: string
  decided_at?: string | null
  decided_by?: string | null
  because?: string | null
}

export async function master(id: string): Promise<Master> {
  return (await api.GET('/api/v1/masters/{id}', { params: { path: { id } } })).data as unknown as Master
}

export async function history(id: string): Promise<Version[]> {
  return ((await api.GET('/api/v1/masters/{id}/history', { params: { path: { id } } })).data as unknown as { items: Version[] }).items
}

export async function reviews(state: string, after?: number): Promise<{ items: Review[]; next: number | null }> {
  return (await api.GET('/api/v1/reviews', { params: { query: { state, after, limit: 50 } } })).data as unknown as { items: Review[]; next: number | null }
}

/** A review with both its masters, and the fields that differ before they are masked. */
export interface Pair { review: Review; sides: Master[]; differs: string[] }

export async function review(id: number): Promise<Pair> {
  return (await api.GET('/api/v1/reviews/{id}', { params: { path: { id } } })).data as unknown as Pair
}

/** A golden record with nothing masked; that somebody looked, and why, is noted in the audit trail. */
export async function reveal(id: string, because: string): Promise<Record<string, unknown>> {
  const { data } = await api.POST('/api/v1/masters/{id}/reveal', { params: { path: { id } }, body: { because } })
  return (data as unknown as { golden: { customer: Record<string, unknown> } }).golden.customer
}

/** Gives a command and waits until it is decided. */
export async function command(act: Record<string, unknown>, because: string): Promise<void> {
  await api.POST('/api/v1/commands', { body: { because, act } as never })
}

/** What a customer is called, whatever is known of it. */
export function nameOf(master: Pick<Master, 'golden' | 'code' | 'master_id'>): string {
  const { legal_name: legal, short_name: short } = master.golden as { legal_name?: string; short_name?: string }
  return legal ?? short ?? master.code ?? master.master_id
}
