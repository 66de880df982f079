import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { useFormat } from '../../parts/format'
import { HalfState, waitingOf } from '../../parts/Half'

/** The systems one below the other, for a screen that is too narrow for the graph. */
export function SystemList({ systems, choose }: { systems: Schemas['SystemNow'][]; choose: (system: string) => void }) {
  const { t } = useTranslation('flow')
  const { number } = useFormat()
  const half = (label: string, one: Schemas['Half'], more: React.ReactNode) => (
    <div className="stack" style={{ gap: 2 }}>
      <div className="row small">
        <span className="quiet flow-way">{label}</span>
        <HalfState half={one} />
        <span className="number">{number(one.per_second ?? 0)}/s</span>
        {more}
      </div>
      {one.failing && one.reason && <span className="bad small break">{one.reason}</span>}
    </div>
  )
  return (
    <ul className="flow-list">
      {systems.map((system) => {
        const { failed = 0 } = waitingOf(system)
        return (
          <li key={system.name}>
            <button type="button" className="panel" onClick={() => choose(system.name)}>
              <span className="row between"><b>{system.name}</b><span className="quiet small">{t(`kind.${system.kind}`, { defaultValue: system.kind })}</span></span>
              {system.receive && half(t('receive'), system.receive, system.invalid > 0 && <span className="bad">{t('invalid', { number: number(system.invalid) })}</span>)}
              {system.deliver && half(t('deliver'), system.deliver, <>
                {(system.queued ?? 0) > 0 && <span className="wait">{t('in_queue', { number: number(system.queued ?? 0) })}</span>}
                {failed > 0 && <span className="bad">{t('failed', { number: number(failed) })}</span>}
              </>)}
            </button>
          </li>
        )
      })}
    </ul>
  )
}
