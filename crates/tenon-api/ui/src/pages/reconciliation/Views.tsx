import { Segmented } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

/** Whether orders are looked at, or the contracts under which they were placed: of the same customer. */
export function Views() {
  const { t } = useTranslation('reconciliation')
  const [query, setQuery] = useSearchParams()
  const change = (view: string) => {
    const next = new URLSearchParams()
    if (view === 'contracts') next.set('view', view)
    const customer = query.get('customer')
    if (customer) next.set('customer', customer)
    setQuery(next)
  }
  return (
    <Segmented
      aria-label={t('views')}
      value={query.get('view') === 'contracts' ? 'contracts' : 'orders'}
      options={['orders', 'contracts'].map((value) => ({ value, label: t(value) }))}
      onChange={change}
    />
  )
}
