import { Select } from 'antd'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../api/client'

const SHOWN = 12

/** Finds a customer by anything that somebody calls it, as the list of customers does. */
export function CustomerPicker({ without, chosen, choose, label }: {
  /** The one that cannot be meant. */
  without: string
  chosen?: string
  choose: (id?: string) => void
  label: string
}) {
  const { t } = useTranslation('customers')
  const [typed, setTyped] = useState('')
  const q = useDeferredValue(typed.trim())
  const found = useQuery({
    queryKey: ['picker', q],
    placeholderData: keepPreviousData,
    queryFn: async () => (await api.GET('/api/v1/masters', { params: { query: { q: q || undefined, limit: SHOWN } } })).data!.items,
  })
  const customers = (found.data ?? []).filter((customer) => customer.master_id !== without)
  return (
    <Select
      autoFocus
      allowClear
      style={{ width: '100%' }}
      // Its own width: that of the field is not known while a dialog still opens.
      popupMatchSelectWidth={false}
      styles={{ popup: { root: { width: 'min(560px, calc(100vw - 64px))' } } }}
      aria-label={label}
      placeholder={t('search')}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      loading={found.isFetching}
      value={chosen}
      onChange={choose}
      notFoundContent={found.isPending ? t('searching') : t('none')}
      options={customers.map((customer) => ({
        value: customer.master_id,
        label: customer.legal_name ?? customer.short_name ?? customer.master_id,
        customer,
      }))}
      optionRender={({ data: { customer, label } }) => (
        <span className="row between" style={{ flexWrap: 'nowrap' }}>
          <span className="clip">{label}</span>
          <span className="quiet small nowrap">{[customer.code, customer.city].filter(Boolean).join(' · ')}</span>
        </span>
      )}
    />
  )
}
