/** A value in one line: lists with their items beside each other, records with what they hold. */
export function line(value: unknown): string {
  if (value == null) return ''
  if (Array.isArray(value)) return value.map(line).filter(Boolean).join(' · ')
  if (typeof value === 'object') return Object.values(value).map(line).filter(Boolean).join(' ')
  return String(value)
}

/** What is not there any more, and what is there anew, each as it is shown; of lists, element by element. */
export function difference(before: unknown, now: unknown, shown = line): { gone: string[]; come: string[] } {
  const lines = (value: unknown) => [...new Set((Array.isArray(value) ? value : [value]).map((element) => shown(element)).filter(Boolean))]
  const [were, are] = [lines(before), lines(now)]
  return { gone: were.filter((one) => !are.includes(one)), come: are.filter((one) => !were.includes(one)) }
}
