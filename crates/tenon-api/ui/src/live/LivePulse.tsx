import { Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../parts/format'
import { useLive } from './live'

/** Says whether the hub answers, and how much flows; how new a page is, the page says itself. */
export function LivePulse() {
  const { t } = useTranslation()
  const { number } = useFormat()
  const { now, open } = useLive()
  const text = !open ? t('live.lost') : t('live.rate', { rate: number(now?.received_per_second ?? 0) })
  return (
    <Tooltip title={open ? t('live.on') : t('live.lost_text')}>
      <span className={open ? 'pulse' : 'pulse broken'} role="status" aria-label={open ? t('live.on') : t('live.lost')}>
        <i />
        <span>{text}</span>
      </span>
    </Tooltip>
  )
}
