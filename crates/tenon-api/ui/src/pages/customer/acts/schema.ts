// The fields of a customer, of the kinds that its schema has: what a person may set, and how it is asked.
import schema from '../../../../../../../schemas/customer/v1.json'

interface Shape {
  type?: string
  enum?: string[]
  $ref?: string
  minimum?: number
  maximum?: number
  maxLength?: number
  examples?: string[]
  items?: Shape
  properties?: Record<string, Shape>
  required?: string[]
  'x-personal'?: boolean
}

/** A field as it is asked for. */
export type Asked =
  | { kind: 'choice'; choices: string[] }
  | { kind: 'number'; min?: number; max?: number }
  | { kind: 'text'; longest?: number; example?: string }
  | { kind: 'texts' }
  | { kind: 'record'; fields: [string, Asked][]; required: string[] }
  | { kind: 'records'; of: Extract<Asked, { kind: 'record' }> }

const FIELDS = schema.properties as Record<string, Shape>

/** What follows from others and is never set: the code stays as it was issued, former names are what systems gave up. */
const FOLLOWS = ['code', 'former_names']

/** The fields that may be pinned. */
export const PINNABLE = Object.keys(FIELDS).filter((field) => !FOLLOWS.includes(field))

function resolved(shape: Shape): Shape {
  const name = shape.$ref?.split('/').at(-1)
  return name ? (schema.$defs as Record<string, Shape>)[name]! : shape
}

function asked(given: Shape): Asked {
  const shape = resolved(given)
  if (shape.enum) return { kind: 'choice', choices: shape.enum }
  if (shape.type === 'integer') return { kind: 'number', min: shape.minimum, max: shape.maximum }
  if (shape.type === 'object') {
    return { kind: 'record', fields: Object.entries(shape.properties ?? {}).map(([name, part]) => [name, asked(part)]), required: shape.required ?? [] }
  }
  if (shape.type === 'array') {
    const of = asked(shape.items ?? {})
    return of.kind === 'record' ? { kind: 'records', of } : { kind: 'texts' }
  }
  return { kind: 'text', longest: shape.maxLength, example: shape.examples?.[0] }
}

export const askedOf = (field: string): Asked => asked(FIELDS[field] ?? {})

/** Whether a field holds what is masked: what stands there is then no value to begin with. */
export function isPersonal(field: string): boolean {
  const holds = (given: Shape): boolean => {
    const shape = resolved(given)
    return Boolean(shape['x-personal']) || (shape.items !== undefined && holds(shape.items)) || Object.values(shape.properties ?? {}).some(holds)
  }
  return holds(FIELDS[field] ?? {})
}

/** What was typed, as the schema has it: blanks are left out, and what is left of nothing is nothing. */
export function stated(value: unknown): unknown {
  if (typeof value === 'string') return value.trim() || undefined
  if (value == null) return undefined
  if (Array.isArray(value)) {
    const all = value.map(stated).filter((element) => element !== undefined)
    return all.length ? all : undefined
  }
  if (typeof value === 'object') {
    const all = Object.entries(value).map(([name, part]) => [name, stated(part)] as const).filter(([, part]) => part !== undefined)
    return all.length ? Object.fromEntries(all) : undefined
  }
  return value
}
