import { Segmented } from 'antd'
import { useTranslation } from 'react-i18next'

/** How the address names those without a currency. */
const NONE = 'none'

/** Which currency is looked at: no two are ever added. Nothing where there is only one. */
export function Currencies({ all, shown, choose }: { all: string[]; shown?: string; choose: (currency: string) => void }) {
  const { t } = useTranslation('reconciliation')
  if (all.length < 2) return null
  return <Segmented style={{ alignSelf: 'flex-start' }} aria-label={t('currency')} value={shown || NONE} onChange={choose} options={all.map((value) => ({ value: value || NONE, label: value || t('no_currency') }))} />
}

/** The sums of one currency: of the one that the address names, else of that which most is of. */
export function ofCurrency<Row extends { currency: string }>(rows: Row[], named: string | null, count: (row: Row) => number): Row | undefined {
  return rows.find((row) => (row.currency || NONE) === named) ?? rows.toSorted((one, other) => count(other) - count(one))[0]
}
