import { Select, Spin } from 'antd'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, hub } from '../api/client'

const SHOWN = 20

/** Which customer a report is about: found by whatever somebody calls it; all customers while none is chosen. */
export function OfCustomer({ value, choose }: { value?: string; choose: (id?: string) => void }) {
  const { t } = useTranslation('reports')
  const [typed, setTyped] = useState('')
  const q = useDeferredValue(typed.trim())
  const found = useQuery({
    queryKey: ['customers', 'named', q],
    enabled: q.length > 1,
    queryFn: async () => (await api.GET('/api/v1/masters', { params: { query: { q, limit: SHOWN } } })).data!.items,
  })
  const chosen = hub.useQuery('get', '/api/v1/insight/customers/{id}', { params: { path: { id: value ?? '' } } }, { enabled: Boolean(value), retry: 1 })
  const options = (found.data ?? []).map((one) => ({ value: one.master_id, label: [one.code, one.legal_name ?? one.short_name].filter(Boolean).join(' · ') || one.master_id }))
  if (value && !options.some((option) => option.value === value)) {
    options.unshift({ value, label: [chosen.data?.code, chosen.data?.name].filter(Boolean).join(' · ') || value })
  }
  return (
    <Select
      showSearch={{ filterOption: false, onSearch: setTyped }}
      allowClear
      value={value}
      onChange={(id?: string) => choose(id)}
      options={options}
      placeholder={t('of_customer')}
      aria-label={t('of_customer')}
      notFoundContent={found.isFetching ? <Spin size="small" /> : typed.trim().length > 1 ? t('no_customer') : t('type_customer')}
      style={{ minWidth: 260, maxWidth: '100%' }}
    />
  )
}
