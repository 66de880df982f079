import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { hub } from '../../api/client'
import { Panel } from '../../parts/PageHead'
import { Quantity } from '../../parts/Quantity'
import { State } from '../../parts/State'

const SHOWN = 6

/** What a customer that sells on has, and how long it lasts: what is needed first comes first. Nothing of others. */
export function Stock({ dealer }: { dealer: string }) {
  const { t } = useTranslation('cover')
  const found = hub.useQuery('get', '/api/v1/insight/cover', { params: { query: { dealer, sort: 'needed_on', limit: SHOWN } } }, { retry: 1 })
  if (!found.data?.total) return null
  return (
    <Panel title={t('of_one')} tools={<Link to={`/cover?dealer=${dealer}`}>{t('all_items', { count: found.data.total })}</Link>}>
      <ul className="plain-list">
        {found.data.items.map((row) => (
          <li key={row.item}>
            <Link className="mono" to={`/cover?dealer=${dealer}&open=${row.dealer}/${row.item}`}>{row.item_code ?? row.item}</Link>
            <span className="grow quiet clip">{row.item_name}</span>
            <State state={row.standing} label={t(`standing.${row.standing}`)} />
            <Quantity value={row.available} unit={row.unit} />
          </li>
        ))}
      </ul>
    </Panel>
  )
}
