/** The fields of a golden record that hold something, each as one line. */
export function fields(golden: Record<string, unknown>): [string, string][] {
  return Object.entries(golden)
    .map(([field, value]) => [field, line(value)] as [string, string])
    .filter(([, value]) => value !== '')
}

/** A value in one line: lists with their items beside each other, records with what they hold. */
export function line(value: unknown): string {
  if (value == null) return ''
  if (Array.isArray(value)) return value.map(line).filter(Boolean).join(' · ')
  if (typeof value === 'object') return Object.values(value).map(line).filter(Boolean).join(' ')
  return String(value)
}
