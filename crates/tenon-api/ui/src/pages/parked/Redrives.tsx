import { Button, Progress } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, hub, type Schemas } from '../../api/client'
import { useSay } from '../../parts/ask'
import { useFormat } from '../../parts/format'
import { Panel } from '../../parts/PageHead'
import { State } from '../../parts/State'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'
import { useInWords } from './filter'

type Redrive = Schemas['RedriveView']

const SHOWN = 3
/** How long what is done is still shown. */
const LATELY = 3_600_000

/** What is done with many at once: how far each has come. A node works them off; another goes on if it dies. */
export function Redrives() {
  const { t } = useTranslation('parked')
  const { number } = useFormat()
  const inWords = useInWords()
  const may = useMay('operate')
  const say = useSay()
  const queries = useQueryClient()
  const found = hub.useQuery('get', '/api/v1/redrives', { params: { query: { limit: SHOWN } } }, { refetchInterval: 1_500 })
  const lately = ({ state, ended_at }: Redrive) => state !== 'done' || !ended_at || Date.now() - new Date(ended_at).getTime() < LATELY
  const items = (found.data?.items ?? []).filter(lately)
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
        {items.map((one) => {
          const left = one.act === 'drop' && one.state === 'done' ? one.total - one.sent : 0
          return (
            <li key={one.id} style={{ flexWrap: 'wrap' }}>
              <State state={one.state === 'running' ? 'underway' : one.state === 'stopped' ? 'paused' : 'done'} label={t(`redrive_state.${one.state}`)} />
              <span className="grow">
                <b className="number">{t(one.act === 'drop' ? 'dropped_of' : 'redriven_of', { number: number(one.sent), total: number(one.total) })}</b>
                {one.passed_over > 0 && <span className="quiet"> {t('superseded', { count: one.passed_over })}</span>}
                {left > 0 && <span className="quiet"> {t('left', { count: left, number: number(left) })}</span>}
                <div className="quiet small break">
                  {[...inWords(one.selection), one.per_second && t('a_second', { number: one.per_second })].filter(Boolean).join(' · ') || t('everything')}
                  {' · '}{one.who}: {one.because} · <When at={one.began_at} />
                </div>
                {one.state !== 'done' && <Progress percent={one.total ? Math.min(100, Math.floor(((one.sent + one.passed_over) / one.total) * 100)) : 0} size="small" status={one.state === 'running' ? 'active' : 'normal'} aria-label={t('redrives')} />}
              </span>
              {may && one.state === 'running' && <Button size="small" onClick={() => void turn(one.id, 'stop')}>{t('stop')}</Button>}
              {may && one.state === 'stopped' && <Button size="small" onClick={() => void turn(one.id, 'resume')}>{t('go_on')}</Button>}
            </li>
          )
        })}
      </ul>
    </Panel>
  )
}
