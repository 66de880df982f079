import { BaseEdge, EdgeLabelRenderer, getBezierPath, type EdgeProps } from '@xyflow/react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { useFormat } from '../../parts/format'
import { toneOf } from '../../parts/State'

type Data = { half: Schemas['Half']; queued?: number | null; failed?: number; lag?: number | null }

/** What flows between a system and the hub: how fast, how late, what waits, what failed. */
export function FlowEdge({ data, ...edge }: EdgeProps) {
  const { t } = useTranslation('flow')
  const { number, short, duration } = useFormat()
  const { half, queued, failed, lag } = data as Data
  const [path, x, y] = getBezierPath(edge)
  const flows = half.per_second > 0
  return (
    <>
      <BaseEdge path={path} className={`flow-edge ${toneOf(half.state)} ${flows ? 'flows' : ''}`} style={{ strokeWidth: flows ? Math.min(2 + Math.log10(1 + half.per_second) * 1.6, 7) : 1.5 }} />
      <EdgeLabelRenderer>
        <div className="flow-label" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>
          <span className="number">{flows ? `${number(half.per_second)}/s` : t('still')}</span>
          {lag != null && <span className="quiet number">{duration(lag)}</span>}
          {queued ? <span className="wait number">{t('in_queue', { number: short(queued) })}</span> : null}
          {failed ? <span className="bad number">{t('failed', { number: short(failed) })}</span> : null}
        </div>
      </EdgeLabelRenderer>
    </>
  )
}
