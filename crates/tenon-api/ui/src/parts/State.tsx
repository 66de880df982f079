import { useTranslation } from 'react-i18next'

export type Tone = 'good' | 'wait' | 'bad' | 'info' | 'idle'

/** How each state of anything is to be seen. What is not here is plain. */
const TONES: Record<string, Tone> = {
  flowing: 'good', idle: 'idle', starting: 'info', stalled: 'wait', paused: 'info', standby: 'idle', unknown: 'idle', down: 'bad',
  routed: 'good', done: 'good', unchanged: 'idle', filtered: 'idle', invalid: 'bad', refused: 'bad', dropped: 'bad',
  delivered: 'good', superseded: 'idle', parked: 'wait', underway: 'info', rejected: 'idle', approved: 'good', open: 'info',
  stock_out: 'bad', cover: 'wait', reorder_point: 'wait', stale: 'info', enough: 'good',
  failed: 'bad', retry: 'wait', waiting: 'wait', behind: 'idle', due: 'info',
}

const SHAPES: Record<Tone, string> = {
  good: 'M5 0a5 5 0 1 1 0 10A5 5 0 0 1 5 0z',
  idle: 'M5 1a4 4 0 1 1 0 8 4 4 0 0 1 0-8zm0 1.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z',
  wait: 'M5 .4 9.800 9.200H.2z',
  bad: 'M0 0h10v10H0z',
  info: 'M5 0l5 5-5 5-5-5z',
}

export function toneOf(state: string): Tone {
  return TONES[state] ?? 'idle'
}

/** How something stands: shape, colour and word. */
export function State({ state, title, label, tone: told }: { state: string; title?: string; label?: string; tone?: Tone }) {
  const { t } = useTranslation()
  const tone = told ?? toneOf(state)
  return (
    <span className="state" title={title}>
      <svg width="9" height="9" viewBox="0 0 10 10" className={tone} aria-hidden="true">
        <path d={SHAPES[tone]} fill="currentColor" fillRule="evenodd" />
      </svg>
      <span>{label ?? t(`state.${state}`, { defaultValue: state })}</span>
    </span>
  )
}
