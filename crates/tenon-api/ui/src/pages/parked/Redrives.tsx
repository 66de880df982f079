import { Button, Progress } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, hub } from '../../api/client'
import { useSay } from '../../parts/ask'
import { useFormat } from '../../parts/format'
import { Panel } from '../../parts/PageHead'
import { State } from '../../parts/State'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'

interface Redrive {
  id: number
  selection: { system?: string; reason?: string; state?: string }
  until: number
  cursor: number
  per_second?: number | null
  state: 'running' | 'stopped' | 'done'
  who: string
  because: string
  began_at: string
  ended_at?: string | null
  sent: number
  passed_over: number
}

const SHOWN = 3

/** Redrives of many at once: how far each has come. A node works them off; another goes on if it dies. */
export function Redrives() {
  const { t } = useTranslation('parked')
  const { number } = useFormat()
  const may = useMay('operate')
  const say = useSay()
  const queries = useQueryClient()
  const found = hub.useQuery('get', '/api/v1/redrives', { params: { query: { limit: SHOWN } } }, { refetchInterval: 2_000 })
  const items = (found.data?.items ?? []) as unknown as Redrive[]
  if (!items.length) return null
  async function turn(id: number, state: 'stop' | 'resume') {
    try {
      const asked = { params: { path: { id } } }
      if (state === 'stop') await api.POST('/api/v1/redrives/{id}/stop', asked)
      else await api.POST('/api/v1/redrives/{id}/resume', asked)
      await queries.invalidateQueries()
    } catch (error) {
      say.failed(error)
    }
  }
  return (
    <Panel title={t('redrives')}>
      <ul className="plain-list">
        {items.map((one) => (
          <li key={one.id} style={{ flexWrap: 'wrap' }}>
            <State state={one.state === 'running' ? 'underway' : one.state === 'stopped' ? 'paused' : 'done'} label={t(`redrive_state.${one.state}`)} />
            <span className="grow">
              <b className="number">{t('redriven', { count: one.sent, number: number(one.sent) })}</b>
              {one.passed_over > 0 && <span className="quiet"> {t('superseded', { count: one.passed_over })}</span>}
              <div className="quiet small break">
                {[one.selection.system, one.selection.reason, one.per_second && t('a_second', { number: one.per_second })].filter(Boolean).join(' · ')}
                {' · '}{one.who}: {one.because} · <When at={one.began_at} />
              </div>
              {one.state === 'running' && <Progress percent={one.until ? Math.min(100, Math.round((one.cursor / one.until) * 100)) : 0} size="small" status="active" aria-label={t('redrives')} />}
            </span>
            {may && one.state === 'running' && <Button size="small" onClick={() => void turn(one.id, 'stop')}>{t('stop')}</Button>}
            {may && one.state === 'stopped' && <Button size="small" onClick={() => void turn(one.id, 'resume')}>{t('go_on')}</Button>}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
