import { useTranslation } from 'react-i18next'
import { State } from '../../parts/State'
import type { Found } from './search'

/** Where a message came from and where it went, each target with how it stands there. */
export function Targets({ source, targets, state }: Found) {
  const { t } = useTranslation('messages')
  const told = (state?: string) => (state ? t(`state.${state}`, { ns: 'common', defaultValue: state }) : '')
  return (
    <span className="ways">
      <span>{source ?? '?'}</span>
      <span className="quiet" aria-hidden="true">→</span>
      {targets.length === 0 && <span className="quiet">–</span>}
      {targets.map((target) => (
        <State
          key={target.system}
          state={target.state ?? (state === 'routed' ? 'underway' : 'idle')}
          label={target.system}
          title={target.state ? t('stands', { system: target.system, state: told(target.state) }) : t('underway', { system: target.system })}
        />
      ))}
    </span>
  )
}
