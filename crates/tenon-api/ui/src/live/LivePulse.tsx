import { Alert, Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../parts/format'
import { useLive } from './live'

/** Says whether the hub tells anything new, and how much flows; how new a page is, the page says itself. */
export function LivePulse() {
  const { t } = useTranslation()
  const { number } = useFormat()
  const { now, news } = useLive()
  const text = news === 'new' ? t('live.rate', { rate: number(now?.received_per_second ?? 0) }) : t(`live.${news}`)
  return (
    <Tooltip title={news === 'new' ? t('live.on') : t(`live.${news}_text`)}>
      <span className={news === 'new' ? 'pulse' : 'pulse broken'} role="status" aria-label={news === 'new' ? t('live.on') : t(`live.${news}`)}>
        <i />
        <span>{text}</span>
      </span>
    </Tooltip>
  )
}

/** Says on a page of what goes on that what it shows is old; nothing while it is new. */
export function OldNews() {
  const { t } = useTranslation()
  const { now, news } = useLive()
  if (!now || news === 'new') return null
  return <Alert className="old-news" type="warning" showIcon title={t(`live.${news}_text`)} />
}
