import { BaseEdge, EdgeLabelRenderer, getBezierPath, type EdgeProps } from '@xyflow/react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Schemas } from '../../api/client'
import { useFormat } from '../../parts/format'
import { linksOf, toneOfHalf } from '../../parts/Half'

export type FlowData = { system: string; side: 'receive' | 'deliver'; half: Schemas['Half']; queued?: number | null; failed: number; lag?: number | null }

/** How far from the system its label stands: nearer to the hub all edges come together. */
const PLACE = 0.4

/** What flows between a system and the hub: how fast, how late, what waits, what failed. */
export function FlowEdge({ data, ...edge }: EdgeProps) {
  const { t } = useTranslation('flow')
  const { number, short, duration } = useFormat()
  const { system, side, half, queued, failed, lag } = data as FlowData
  const [path] = getBezierPath(edge)
  const rate = half.per_second ?? 0
  const flows = rate > 0 && !half.failing
  const tone = toneOfHalf(half, failed)
  const { messages, parked } = linksOf(system, side)
  // Along the curve, from the system's end.
  const at = side === 'receive' ? PLACE : 1 - PLACE
  const x = along(edge.sourceX, edge.targetX, 1.5 * at * (1 - at) + at ** 3)
  const y = along(edge.sourceY, edge.targetY, at * at * (3 - 2 * at))
  const speed = rate > 0 ? `${number(rate)}/s` : half.state === 'paused' && !half.failing ? t('paused') : t('still')
  const href = messages ?? `/connectors/${system}`
  return (
    <>
      <BaseEdge path={path} className={`flow-edge ${tone} ${half.state === 'paused' ? 'paused' : ''} ${flows ? 'flows' : ''}`} style={{ strokeWidth: flows ? Math.min(2.5 + Math.log10(1 + rate) * 1.6, 7) : half.failing ? 3 : 2 }} />
      <EdgeLabelRenderer>
        <div className={`flow-label nopan ${tone}`} data-edge={`${system}/${side}`} style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>
          <span className="flow-label-row">
            <Link className="number" to={href} aria-label={t(`edge.${side}`, { system, speed })}>{speed}</Link>
            {lag != null && <span className="quiet number">{duration(lag)}</span>}
            {queued ? <span className="number">{t('in_queue', { number: short(queued) })}</span> : null}
            {failed > 0 ? <Link className="bad number" to={parked}>{t('failed', { number: short(failed) })}</Link> : null}
          </span>
          {half.failing && <Link className="bad clip" to={`/connectors/${system}`} title={half.reason ?? undefined}>{half.reason ?? t('legend.failed')}</Link>}
        </div>
      </EdgeLabelRenderer>
    </>
  )
}

const along = (from: number, to: number, share: number) => from + (to - from) * share
