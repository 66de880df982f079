import { DatePicker, Select, Tag } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { hub } from '../../api/client'
import { GRADES } from '../grades/parts'
import { NONE, SPANS, ranged, spansOf, type Filter } from './filter'

const SORTS = ['-sales', 'sales', '-last_order', 'last_order', '-score', 'name'] as const
const SELDOM = 60_000

/** What is said of customers in a dimension, with the paths above it. */
function useSaid(name: 'industry' | 'source' | 'owner') {
  const { data = [] } = hub.useQuery('get', '/api/v1/insight/dimensions/{name}', { params: { path: { name } } }, { staleTime: SELDOM, retry: 1 })
  const above = name === 'owner' ? [] : data.flatMap((value) => (value.includes('/') ? [value.split('/')[0]!] : []))
  return [...new Set([...data, ...above])].sort()
}

/** Narrows the list down; what a report led here by is told beside it, and taken back. */
export function Filters({ filter, change }: { filter: Filter; change: (changes: Record<string, string | undefined>) => void }) {
  const { t } = useTranslation('customers')
  const said = { industry: useSaid('industry'), source: useSaid('source'), owner: useSaid('owner') }
  const word = (value: string) => (value === NONE ? t('unsaid') : t(`word.${value}`, { ns: 'customer', defaultValue: value }))
  const grade = (value: string) => (value === NONE ? t('no_grade', { ns: 'grades' }) : t(`name.${value}`, { ns: 'grades' }))
  const spans: Record<string, string> = {
    item: t('of_item', { item: filter.item, span: ranged(filter.from, filter.to), currency: filter.currency }),
    bought: t('of_span', { span: ranged(filter.from, filter.to), currency: filter.currency }),
    first: t('of_first', { span: ranged(filter.first_from, filter.first_to), currency: filter.currency }),
    known: t('of_known', { span: ranged(filter.known_from, filter.known_to) }),
  }
  const drop = (names: (keyof Filter)[]) => change(Object.fromEntries(names.map((name) => [name, undefined])))
  return (
    <>
      <Select allowClear style={{ minWidth: 120 }} placeholder={t('grade')} aria-label={t('grade')} value={filter.grade} onChange={(value?: string) => change({ grade: value })} options={[...GRADES, NONE].map((value) => ({ value, label: grade(value) }))} />
      {(['industry', 'source', 'owner'] as const).map((name) => (
        <Select
          key={name}
          allowClear
          showSearch
          style={{ minWidth: 140 }}
          popupMatchSelectWidth={false}
          placeholder={t(name)}
          aria-label={t(name)}
          value={filter[name]}
          onChange={(value?: string) => change({ [name]: value, ...(name === 'owner' ? {} : { level: undefined }) })}
          options={[...said[name], NONE].map((value) => ({ value, label: value === NONE ? t('unsaid') : value }))}
        />
      ))}
      <DatePicker.RangePicker
        style={{ width: 250 }}
        allowEmpty={[true, true]}
        placeholder={[t('last_from'), t('last_to')]}
        aria-label={t('last_order')}
        value={[filter.last_from ? dayjs(filter.last_from) : null, filter.last_to ? dayjs(filter.last_to) : null]}
        onChange={(days) => change({ last_from: days?.[0]?.format('YYYY-MM-DD'), last_to: days?.[1]?.format('YYYY-MM-DD') })}
      />
      <Select style={{ minWidth: 150 }} popupMatchSelectWidth={false} aria-label={t('sort')} value={filter.sort ?? '-sales'} onChange={(sort) => change({ sort: sort === '-sales' ? undefined : sort })} options={SORTS.map((value) => ({ value, label: t(`sorted.${value}`) }))} />
      {(['stage', 'kind'] as const).map((name) => filter[name] && <Tag key={name} closable={{ 'aria-label': t('take_back') }} onClose={() => change({ [name]: undefined })}>{t(`field.${name}`, { ns: 'customer' })}: {word(filter[name])}</Tag>)}
      {filter.level === '2' && [filter.industry, filter.source].some((path) => path && path !== NONE && !path.includes('/')) && <Tag closable={{ 'aria-label': t('take_back') }} onClose={() => change({ level: undefined })}>{t('only_itself')}</Tag>}
      {spansOf(filter).map((span) => <Tag key={span} closable={{ 'aria-label': t('take_back') }} onClose={() => drop(SPANS[span]!)}>{spans[span]}</Tag>)}
    </>
  )
}
