import { Handle, Position } from '@xyflow/react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Schemas } from '../../api/client'
import { Mark } from '../../app/Mark'
import type { Snapshot } from '../../live/live'
import { useFormat } from '../../parts/format'
import { HalfState, toneOfHalf, waitingOf } from '../../parts/Half'
import { State } from '../../parts/State'
import { useSession } from '../../session/session'

export type SystemData = { system: Schemas['SystemNow']; side: 'in' | 'out' }
export type HubData = { now: Snapshot }

export function SystemNode({ data }: { data: SystemData }) {
  const { t } = useTranslation('flow')
  const { number } = useFormat()
  const { system, side } = data
  const half = side === 'in' ? system.receive! : system.deliver!
  const { deliver: parked = 0, failed = 0 } = waitingOf(system)
  const waiting = side === 'in' ? system.invalid : parked
  return (
    <div className={`flow-node ${toneOfHalf(half, side === 'in' ? system.invalid : failed)}`}>
      <div className="flow-node-head">
        <b className="clip">{system.name}</b>
        <span className="quiet small">{t(`kind.${system.kind}`, { defaultValue: system.kind })}</span>
      </div>
      <HalfState half={half} />
      <div className="flow-node-foot quiet small">
        <span className="number">{t('moved', { count: half.messages, number: number(half.messages) })}</span>
        {waiting > 0 && <span className={side === 'in' ? 'bad' : 'wait'}>{t(side === 'in' ? 'invalid' : 'parked', { number: number(waiting) })}</span>}
      </div>
      <Handle type={side === 'in' ? 'source' : 'target'} position={side === 'in' ? Position.Right : Position.Left} isConnectable={false} />
    </div>
  )
}

export function HubNode({ data }: { data: HubData }) {
  const { t } = useTranslation('flow')
  const { number, short } = useFormat()
  const { now } = data
  return (
    <div className="flow-node flow-hub">
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div className="flow-node-head">
        <Mark size={22} />
        <b>{t('hub')}</b>
      </div>
      <State state={now.ready ? 'flowing' : 'starting'} label={now.ready ? t('ready') : t('not_ready')} />
      <dl className="facts small">
        <dt>{t('queued')}</dt>
        <dd className="number right">{now.inbound_queued == null ? '–' : short(now.inbound_queued)}</dd>
        <dt>{t('lanes')}</dt>
        <dd className="number right">{now.lanes.length}</dd>
        <dt>{t('waiting')}</dt>
        <dd className="number right">
          {short(now.systems.reduce((total, system) => total + Object.values(system.parked).reduce((a, b) => a + b, 0), 0))}
        </dd>
        <dt>{t('dead')}</dt>
        <dd className="number right">{now.dead == null ? '–' : now.dead > 0 ? <Dead count={number(now.dead)} /> : number(0)}</dd>
      </dl>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  )
}

/** Of which system they are nobody knows: their page is for who may touch all. */
function Dead({ count }: { count: string }) {
  const { systems } = useSession()
  return systems?.length ? <span className="bad">{count}</span> : <Link className="bad nopan" to="/dead-letters">{count}</Link>
}
