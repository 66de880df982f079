import { useTranslation } from 'react-i18next'
import { When } from './When'

/** Figures older than this are being made anew while the old ones are shown: the hub is asked again soon. */
const OLD = 5 * 60_000
export const isOld = (at?: string) => at !== undefined && Date.now() - Date.parse(at) > OLD

/** When figures were made, and whether newer ones are on their way. */
export function AsOf({ at }: { at: string }) {
  const { t } = useTranslation()
  return (
    <span className="quiet">
      {t('as_of')} <When at={at} exact />
      {isOld(at) && ` · ${t('renewed')}`}
    </span>
  )
}
