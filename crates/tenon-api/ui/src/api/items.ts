// Items that a person tells apart, whose documents are described as objects: what the console reads of them.
import { api } from './client'

export interface RecordName { system: string; native_id: string }
export interface Part { code: string; name: string; specification?: string | null; unit?: string | null }
export const ASPECTS = ['code', 'name', 'specification', 'unit'] as const
export type Aspect = (typeof ASPECTS)[number]
export type Agreement = 'same' | 'spelling' | 'differs' | 'lacks'
export interface Side { record: RecordName; part: Part; compared: Record<Aspect, Agreement> }
export interface Candidate { master_id: string; records: Side[] }

export interface ItemReview {
  id: number
  message_id: string
  record: RecordName
  since: string
  behind: number
  part?: Part | null
  why?: 'contradiction' | 'other_code' | 'several' | null
  reason: string
  candidates: Candidate[]
}

export interface ItemDecision {
  message_id: string
  at: string
  by: string
  because: string
  act: { same_item?: { record: RecordName; other: RecordName }; new_item?: { record: RecordName } }
  undo?: RecordName | null
  candidates: Candidate[]
}

interface Page<T> { items: T[]; next?: number | null }

export async function itemReviews(after?: number): Promise<Page<ItemReview>> {
  return (await api.GET('/api/v1/items/reviews', { params: { query: { after } } })).data as Page<ItemReview>
}

export async function itemDecisions(after?: number): Promise<Page<ItemDecision>> {
  return (await api.GET('/api/v1/items/decisions', { params: { query: { after } } })).data as Page<ItemDecision>
}

export const nameOf = ({ system, native_id }: RecordName) => `${system} ${native_id}`
