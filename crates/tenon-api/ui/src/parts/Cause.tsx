import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Schemas } from '../api/client'

/** Who or which system changed a customer, and by which message. */
export function Cause({ cause }: { cause?: Schemas['VersionCause'] | null }) {
  const { t } = useTranslation('customer')
  if (!cause) return <span className="quiet">{t('cause_unknown')}</span>
  const trace = `/trace/${cause.message_id}`
  if (cause.act) {
    return (
      <>
        <span className="row tight">
          <Link to={trace}>{t(`act.${cause.act}`, { defaultValue: cause.act })}</Link>
          <span className="break">{t('by', { by: cause.by })}</span>
        </span>
        {cause.because && <div className="quiet small break">{cause.because}</div>}
      </>
    )
  }
  if (!cause.system) return <Link className="mono" to={trace}>{cause.message_id}</Link>
  return (
    <>
      <Link to={trace}>{cause.system} <span className="mono">{cause.native_id ?? ''}</span></Link>
      {cause.entity && cause.entity !== 'customer' && <div className="quiet small">{t(`entity.${cause.entity}`, { ns: 'common', defaultValue: cause.entity })}</div>}
    </>
  )
}
