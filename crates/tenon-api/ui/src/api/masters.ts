// Masters, the pairs of them that may be one customer, and the commands that change them.
import { api, type Schemas } from './client'

export type Master = Schemas['Master']
export type Change = Schemas['MasterChange']
export type Review = Schemas['Review']
export type Pair = Schemas['ReviewPair']
export type Decision = Schemas['ReviewDecision']
export type NamedMaster = Schemas['NamedMaster']
export type Evidence = Schemas['Evidence']
export type Act = Schemas['CommandAct']
export type Outcome = Schemas['CommandOutcome']

export async function master(id: string): Promise<Master> {
  // Without a moment that is asked for, it is the master as it is.
  return (await api.GET('/api/v1/masters/{id}', { params: { path: { id } } })).data as Master
}

export async function history(id: string, after?: number) {
  return (await api.GET('/api/v1/masters/{id}/history', { params: { path: { id }, query: { after, limit: 20 } } })).data!
}

/** Two masters beside each other, and the fields that differ before they are masked. */
export async function compare(id: string, other: string) {
  return (await api.GET('/api/v1/masters/{id}/compare/{other}', { params: { path: { id, other } } })).data!
}

export async function reviews(state: string, after?: number) {
  return (await api.GET('/api/v1/reviews', { params: { query: { state, after, limit: 50 } } })).data!
}

/** A review with both its masters, and the fields that differ before they are masked. */
export async function review(id: number): Promise<Pair> {
  return (await api.GET('/api/v1/reviews/{id}', { params: { path: { id } } })).data!
}

export async function decisions(state?: string, after?: string) {
  return (await api.GET('/api/v1/reviews/decisions', { params: { query: { state, after, limit: 50 } } })).data!
}

/** A golden record with nothing masked; that somebody looked, and why, is noted in the audit trail. */
export async function reveal(id: string, because: string): Promise<Record<string, unknown>> {
  return (await api.POST('/api/v1/masters/{id}/reveal', { params: { path: { id } }, body: { because } })).data!.golden.customer
}

/** Gives a command and waits until it is decided. */
export async function command(act: Act, because: string): Promise<Outcome> {
  return (await api.POST('/api/v1/commands', { body: { because, act } })).data!
}

/** What a customer is called, whatever is known of it. */
export function nameOf(master: Pick<Master, 'golden' | 'code' | 'master_id'>): string {
  const { legal_name: legal, short_name: short } = master.golden as { legal_name?: string; short_name?: string }
  return legal ?? short ?? master.code ?? master.master_id
}
