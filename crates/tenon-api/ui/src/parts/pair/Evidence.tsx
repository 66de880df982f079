import { useTranslation } from 'react-i18next'
import { useFormat } from '../format'
import type { Evidence as Told } from '../../api/masters'
import './evidence.css'

/** What kind of key it is stands before each that is shared. */
export const KEY_KIND = /^\w+ /

/** The weight of a finding that fills its bar. */
const HEAVY = 8

/** What speaks for and against a pair: each finding with its weight, the heaviest first. */
export function Evidence({ evidence: { probability, reasons, shared, record } }: { evidence: Told }) {
  const { t } = useTranslation('reviews')
  const { share } = useFormat()
  return (
    <div className="evidence">
      {probability != null && <p>{t('probability', { share: share(probability) })}</p>}
      {reasons && (
        <ul className="plain-list small">
          {[...reasons].sort((a, b) => Math.abs(b.bits) - Math.abs(a.bits)).map((reason) => (
            <li key={reason.finding}>
              <span className={`weight ${reason.bits < 0 ? 'bad' : 'good'}`} aria-hidden="true">
                <i style={{ width: `${Math.min(100, (Math.abs(reason.bits) / HEAVY) * 100)}%` }} />
              </span>
              <span className="number weight-number">{reason.bits > 0 ? '+' : '−'}{Math.abs(reason.bits).toFixed(1)}</span>
              <span>{t(`finding.${reason.finding}`, { defaultValue: reason.text })}</span>
            </li>
          ))}
        </ul>
      )}
      {shared?.length ? <p>{t('shared', { keys: shared.map((key) => key.replace(KEY_KIND, '')).join(' · ') })}</p> : null}
      {record && <p className="quiet small">{t('raised_by', { record: [record.system, record.native_id].filter(Boolean).join(' ') })}</p>}
    </div>
  )
}
