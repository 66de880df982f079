import { Drawer, Skeleton } from 'antd'
import { useTranslation } from 'react-i18next'
import { hub } from '../../api/client'
import { useFormat } from '../../parts/format'
import { money } from '../../parts/money'
import { Trouble } from '../../parts/Trouble'

/** When an order and its documents agree, and since when something is late: as the company's rules say it. */
export function Rules({ close }: { close: () => void }) {
  const { t } = useTranslation('reconciliation')
  const { share } = useFormat()
  const found = hub.useQuery('get', '/api/v1/insight/policy')
  const rules = found.data?.reconciliation
  const amounts = Object.entries(rules?.tolerance_amounts ?? {})
  return (
    <Drawer open onClose={close} title={t('rules')} size={440} closable={{ 'aria-label': t('act.close', { ns: 'common' }) }}>
      {found.error ? (
        <Trouble error={found.error} again={() => found.refetch()} />
      ) : !found.data || !rules ? (
        <Skeleton active />
      ) : (
        <div className="stack">
          <section>
            <h3 className="section">{t('tolerance')}</h3>
            <p className="quiet">{t('tolerance_text')}</p>
            <dl className="facts">
              <dt>{t('tolerance_share')}</dt>
              <dd className="number">{Number(rules.tolerance_share) ? share(Number(rules.tolerance_share)) : t('none')}</dd>
              <dt>{t('tolerance_amount')}</dt>
              <dd className="number">{amounts.length ? amounts.map(([currency, amount]) => <div key={currency}>{money(amount)} {currency}</div>) : t('none')}</dd>
            </dl>
          </section>
          <section>
            <h3 className="section">{t('lateness')}</h3>
            <dl className="facts" style={{ marginTop: 8 }}>
              <dt>{t('matter.short')}</dt>
              <dd>{t('late_short', { count: rules.short_days })}</dd>
              <dt>{t('matter.unbilled')}</dt>
              <dd>{t('late_unbilled', { count: rules.billing_days })}</dd>
              <dt>{t('matter.overdue')}</dt>
              <dd>{t('late_overdue', { count: found.data.credit_days })}</dd>
            </dl>
          </section>
          <section>
            <h3 className="section">{t('calendar')}</h3>
            <p className="quiet">{t('calendar_text', { zone: found.data.time_zone })}</p>
          </section>
          <p className="quiet small">{t('rules_where')}</p>
        </div>
      )}
    </Drawer>
  )
}
