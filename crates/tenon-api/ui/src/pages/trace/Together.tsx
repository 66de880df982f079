import { Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { hub } from '../../api/client'
import { money } from '../../parts/money'
import { Panel } from '../../parts/PageHead'

/** Documents that are reconciled with each other, in the order in which business goes. */
const KINDS = ['order', 'shipment', 'invoice', 'receipt']

export const isDocument = (entity: string) => KINDS.includes(entity)

/** An order, its shipments, its invoices and their receipts, whichever of them one looks at. */
export function Together({ id }: { id: string }) {
  const { t } = useTranslation('trace')
  const found = hub.useQuery('get', '/api/v1/insight/documents/{id}', { params: { path: { id } } }, { retry: 0, refetchInterval: 5_000 })
  if (!found.data || found.data.length < 2) return null
  return (
    <Panel title={t('together')}>
      <div className="together">
        {KINDS.map((kind) => {
          const documents = found.data.filter((document) => document.entity === kind)
          if (documents.length === 0) return null
          return (
            <section key={kind}>
              <h3 className="label">{t(`entity.${kind}`, { ns: 'common' })}</h3>
              <ul>
                {documents.map((document) => (
                  <li key={document.id}>
                    {document.id === id ? <b className="mono" aria-current="true">{document.number}</b> : <Link className="mono" to={`/trace/${document.id}`}>{document.number}</Link>}
                    <Tag>{t(`standing.${document.status}`, { defaultValue: document.status })}</Tag>
                    <span className="quiet small nowrap">{document.day}</span>
                    {document.amount != null && <span className="number small nowrap">{document.currency} {money(document.amount)}</span>}
                  </li>
                ))}
              </ul>
            </section>
          )
        })}
      </div>
    </Panel>
  )
}
