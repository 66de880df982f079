import { Alert, Checkbox, Input, InputNumber, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, hub } from '../../api/client'
import { useFormat } from '../../parts/format'
import { Said } from '../../parts/Said'
import { useInWords, type Filter } from './filter'

/** What is to be done with everything that a filter names. */
export interface Deed { act: 'redrive' | 'drop'; selection: Filter; count: number }

/** Says how many messages it is of, and which; asks why, and how fast; then a node works it off. */
export function Bulk({ deed, close, begun }: { deed: Deed; close: () => void; begun: () => void }) {
  const { t } = useTranslation('parked')
  const { number } = useFormat()
  const [because, setBecause] = useState('')
  const [perSecond, setPerSecond] = useState<number | null>(null)
  const [force, setForce] = useState(false)
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<unknown>()
  const { act, selection } = deed
  // What is asked about is counted now, and not when the page was.
  const counted = hub.useQuery('get', '/api/v1/parked/count', { params: { query: selection } }, { staleTime: 0, refetchInterval: 5_000 })
  const count = counted.data?.count ?? deed.count
  const words = useInWords()(selection)
  async function begin() {
    setBusy(true)
    setRefused(undefined)
    try {
      const body = { selection: selection as never, because: because.trim() }
      if (act === 'drop') await api.POST('/api/v1/drops', { body })
      else await api.POST('/api/v1/redrives', { body: { ...body, force, per_second: perSecond ?? undefined } })
      begun()
    } catch (error) {
      setRefused(error)
    } finally {
      setBusy(false)
    }
  }
  const shown = { count, number: number(count) }
  return (
    <Modal
      open
      onCancel={close}
      title={t(`${act}_all_title`, shown)}
      okText={t(`${act}_all`, shown)}
      cancelText={t('act.cancel', { ns: 'common' })}
      okButtonProps={{ danger: act === 'drop', disabled: !because.trim(), loading: busy }}
      onOk={() => void begin()}
    >
      <div className="stack">
        <span className="quiet">{t(`${act}_all_text`)}</span>
        <div className="row" aria-label={t('filter')}>
          {words.length ? words.map((word) => <span key={word} className="chip clip">{word}</span>) : <span className="chip">{t('everything')}</span>}
        </div>
        <Input.TextArea autoFocus rows={2} maxLength={500} aria-label={t('why', { ns: 'common' })} placeholder={t('why', { ns: 'common' })} value={because} onChange={(event) => setBecause(event.target.value)} />
        {act === 'redrive' && (
          <>
            <label className="row">
              {t('pace')}
              <InputNumber min={1} max={100_000} precision={0} value={perSecond} onChange={setPerSecond} placeholder={t('pace_none')} aria-label={t('pace')} style={{ width: 150 }} />
            </label>
            <Checkbox checked={force} onChange={(event) => setForce(event.target.checked)}>{t('force')}</Checkbox>
            <p className="quiet small" style={{ margin: 0 }}>{t('force_text')}</p>
          </>
        )}
        {Boolean(refused) && <Alert type="error" showIcon title={<Said error={refused} />} />}
      </div>
    </Modal>
  )
}
