import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { hub } from '../../api/client'
import { useFormat } from '../../parts/format'

/** What runs here, and where its API is described. */
export function About() {
  const { t } = useTranslation('settings')
  const { number } = useFormat()
  const described = useQuery({
    queryKey: ['openapi'],
    staleTime: Infinity,
    queryFn: async () => (await (await fetch('/openapi.json')).json()) as { info: { version: string } },
  })
  const summary = hub.useQuery('get', '/api/v1/summary')
  const carried = Object.values(summary.data?.messages ?? {}).reduce((a, b) => a + b, 0)
  return (
    <div className="stack">
      <dl className="facts">
        <dt>Tenon</dt>
        <dd className="number">{described.data?.info.version ?? '–'}</dd>
        <dt>{t('kept')}</dt>
        <dd className="number">{summary.data ? t('kept_messages', { number: number(carried) }) : '–'}</dd>
        <dt>{t('retention')}</dt>
        <dd>{t('retention_text')}</dd>
        <dt>API</dt>
        <dd><a href="/openapi.json">/openapi.json</a></dd>
        <dt>{t('licence')}</dt>
        <dd>Apache-2.0</dd>
      </dl>
    </div>
  )
}
