import { Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../parts/format'
import { toneOf } from '../../parts/State'

const ORDER = ['delivered', 'unchanged', 'superseded', 'filtered', 'parked', 'dropped']

/** How the deliveries to a system divide by what became of them. */
export function Shares({ counts }: { counts: Record<string, number> }) {
  const { t } = useTranslation()
  const { number } = useFormat()
  const total = Object.values(counts).reduce((a, b) => a + b, 0)
  if (!total) return <span className="quiet">–</span>
  const parts = ORDER.filter((state) => counts[state])
  const text = parts.map((state) => `${t(`state.${state}`)} ${number(counts[state]!)}`).join(' · ')
  return (
    <Tooltip title={text}>
      <div className="shares" role="img" aria-label={text}>
        {parts.map((state) => (
          <i key={state} className={toneOf(state)} data-state={state} style={{ flexGrow: counts[state]! / total }} />
        ))}
      </div>
    </Tooltip>
  )
}
