import { Button, Skeleton } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { hub, type Schemas } from '../../api/client'
import { useFormat } from '../../parts/format'
import { Quantity } from '../../parts/Quantity'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'

/** Of a list, as many are shown at first. */
const FIRST = 5

/** What a dealer's stock of an item and its average were made from, each with the messages that say so. */
export function Ground({ dealer, item, only }: { dealer: string; item: string; only: (filter: { dealer?: string; item?: string }) => void }) {
  const { t } = useTranslation('cover')
  const found = hub.useQuery('get', '/api/v1/insight/cover/{dealer}/{item}', { params: { path: { dealer, item } } })
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active />
  const row = found.data
  return (
    <div className="stack">
      <header className="ground-head">
        <h3><span className="mono">{row.item_code ?? row.item}</span> {row.item_name}</h3>
        <Link to={`/customers/${row.dealer}`}>{row.dealer_name ?? row.dealer_code ?? row.dealer}</Link>
        <div className="row">
          <Button size="small" onClick={() => only({ dealer })}>{t('only_dealer')}</Button>
          <Button size="small" onClick={() => only({ item })}>{t('only_item')}</Button>
        </div>
      </header>
      <dl className="facts">
        <dt>{t('stands')}</dt><dd><State state={row.standing} label={t(`standing.${row.standing}`)} /></dd>
        <dt>{t('available')}</dt><dd><Quantity value={row.available} unit={row.unit} /></dd>
        <dt>{t('in_transit')}</dt><dd><Quantity value={row.in_transit} /></dd>
        <dt>{t('reorder_point')}</dt><dd><Quantity value={row.reorder_point} /></dd>
        <dt>{t('per_day')}</dt><dd><Quantity value={row.per_day} /></dd>
        <dt>{t('lasts')}</dt><dd>{row.days == null ? <span className="quiet">–</span> : <>{t('days', { count: Number(row.days), number: row.days })}</>}</dd>
        <dt>{t('needed')}</dt><dd><Quantity value={row.needed} />{row.needed_on && <span className="quiet"> {t('by_day', { day: row.needed_on })}</span>}</dd>
      </dl>
      <Part title={t('sold')} empty={!row.reports.length && t('never_sold')}>
        <Sold days={row.sold} />
        <List>
          {row.reports.map((report) => (
            <li key={report.document}>
              <Link className="mono" to={`/trace/${report.document}`}>{report.number}</Link>
              <span className="grow quiet number">{report.from === report.to ? report.to : `${report.from} – ${report.to}`}</span>
              {report.mixed ? <span className="quiet">{t('mixed')}</span> : <Quantity value={report.quantity ?? '0'} />}
            </li>
          ))}
        </List>
      </Part>
      <Part title={t('counted')}>
        <List>
          {row.counts.map((count) => (
            <li key={count.document} className={count.counts ? undefined : 'quiet'}>
              <Link to={`/trace/${count.document}`}>{count.place || t('place')}</Link>
              <span className="grow quiet number">{count.counted_on}{!count.counts && ` · ${t('too_old')}`}</span>
              {Number(count.in_transit ?? 0) > 0 && <span className="quiet small">{t('on_the_way')} <Quantity value={count.in_transit} /></span>}
              <Quantity value={count.available ?? count.quantity} unit={count.unit} />
            </li>
          ))}
        </List>
      </Part>
      {row.demands.length > 0 && (
        <Part title={t('asked')}>
          <List>
            {row.demands.map((demand) => (
              <li key={demand.number}>
                <Link className="number" to={`/trace/${demand.number}`}>{demand.made_on}</Link>
                <span className="grow quiet">{demand.ended_on ? t('ended', { day: demand.ended_on }) : t('stands_open')}</span>
                <Quantity value={demand.quantity} unit={row.unit} />
              </li>
            ))}
          </List>
        </Part>
      )}
    </div>
  )
}

function Part({ title, empty, children }: { title: string; empty?: string | false; children: ReactNode }) {
  return (
    <section className="stack" style={{ gap: 8 }}>
      <h3 className="section">{title}</h3>
      {empty ? <p className="quiet">{empty}</p> : children}
    </section>
  )
}

/** The first of a list, the rest folded away. */
function List({ children }: { children: ReactNode[] }) {
  const { t } = useTranslation('cover')
  const rest = children.slice(FIRST)
  return (
    <>
      <ul className="plain-list">{children.slice(0, FIRST)}</ul>
      {rest.length > 0 && (
        <details>
          <summary className="quiet">{t('rest', { count: rest.length })}</summary>
          <ul className="plain-list">{rest}</ul>
        </details>
      )}
    </>
  )
}

/** What was sold on each day; a day of which nobody told, or in units that cannot be told in the stock's, is hatched. The reports below say the same in numbers. */
function Sold({ days }: { days: Schemas['SoldView'][] }) {
  const { t } = useTranslation('cover')
  const { number } = useFormat()
  const most = Math.max(1, ...days.map((day) => Number(day.quantity ?? 0)))
  return (
    <div className="sold" role="img" aria-label={t('sold')}>
      {days.map(({ day, quantity, mixed }) => (
        <i
          key={day}
          title={`${day}: ${quantity == null ? t(mixed ? 'mixed' : 'untold') : number(Number(quantity))}`}
          className={quantity == null ? 'untold' : undefined}
          style={quantity == null ? undefined : { height: `${Math.max(2, (Math.max(0, Number(quantity)) / most) * 100)}%` }}
        />
      ))}
    </div>
  )
}
