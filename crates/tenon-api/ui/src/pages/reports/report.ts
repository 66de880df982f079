// What all reports have in common: a table whose columns say what they are.
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'

export type Report = Schemas['TableView']

/** Where a column stands; -1 where a report has none of that name. */
export const columnAt = (report: Report | undefined, key: string) => report?.columns.findIndex((column) => column.key === key) ?? -1

/** The currencies of a report, that of most rows first: amounts of two are never drawn as one. */
export function useCurrencies(report?: Report) {
  return useMemo(() => {
    const at = columnAt(report, 'currency')
    const rows = new Map<string, number>()
    for (const row of at < 0 ? [] : report!.rows) rows.set(String(row[at]), (rows.get(String(row[at])) ?? 0) + 1)
    return [...rows].sort(([, one], [, other]) => other - one).map(([currency]) => currency)
  }, [report])
}

/** What columns and the words in them are called. */
export function useNames() {
  const { t } = useTranslation('reports')
  return {
    column: (key: string) => (/^t\d+$/.test(key) ? `T+${key.slice(1)}` : t(`column.${key}`, { defaultValue: key })),
    cell: (value: string) => t(`value.${value}`, { defaultValue: value }),
  }
}
