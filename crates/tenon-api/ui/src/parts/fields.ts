// What fields of a customer are called, and how their values are read.
import { useTranslation } from 'react-i18next'
import { line } from './values'

export function useFieldName() {
  const { t } = useTranslation('customer')
  return (field: string) => t(`field.${field}`, { defaultValue: field })
}

/** Fields whose values are words of the schema. */
const WORDS = ['grade', 'kind', 'stage', 'purpose']

export function useWord() {
  const { t } = useTranslation('customer')
  return (field: string, value: string) => (WORDS.includes(field) ? t([`grade_name.${value}`, `word.${value}`], { defaultValue: value }) : value)
}

/** The members of a record in the order in which people read them. */
const READ: Record<string, string[]> = {
  addresses: ['country', 'region', 'city', 'street', 'postal_code', 'purpose'],
  contacts: ['name', 'role', 'phone', 'email', 'birthday', 'anniversary'],
  bank_account: ['bank', 'number'],
  credit_terms: ['days', 'limit', 'currency'],
}

/** A value of a field in one line; of a list, all elements or a single one. */
export function useShown() {
  const { t } = useTranslation('customer')
  const word = useWord()
  const member = (name: string, value: unknown) => {
    const text = line(value)
    if (!text) return ''
    if (name === 'purpose') return `(${word(name, text)})`
    return name === 'days' ? t('days', { count: Number(text) }) : text
  }
  function shown(field: string, value: unknown): string {
    if (Array.isArray(value)) return value.map((element) => shown(field, element)).filter(Boolean).join(' · ')
    if (value == null || typeof value !== 'object') return word(field, line(value))
    const record = value as Record<string, unknown>
    return (READ[field] ?? Object.keys(record)).map((name) => member(name, record[name])).filter(Boolean).join(' ')
  }
  return shown
}
