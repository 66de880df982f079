import { Alert, Input, Modal } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { command, type Act, type Outcome } from '../../../api/masters'
import { useSay } from '../../../parts/ask'
import { Said } from '../../../parts/Said'

/** Asks what an act needs, and why; says what the hub says against it. */
export function Dialog({ title, text, ok, danger, reasoned, wide, act, close, done, children }: {
  title: string
  text?: string
  ok: string
  danger?: boolean
  /** Whether the hub wants a reason. */
  reasoned?: boolean
  wide?: boolean
  /** What is commanded; nothing as long as something is missing. */
  act?: Act
  close: () => void
  /** In the place of saying that it is done. */
  done?: (outcome: Outcome) => void
  children?: ReactNode
}) {
  const { t } = useTranslation('customer')
  const say = useSay()
  const queries = useQueryClient()
  const [because, setBecause] = useState('')
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<unknown>()
  async function give() {
    if (!act) return
    setBusy(true)
    setTrouble(undefined)
    try {
      const outcome = await command(act, because.trim())
      close()
      // Durable, but not decided yet: there is nothing to show or to undo by now.
      if (outcome.outcome === 'underway') say.done(t('not_decided_yet', { ns: 'common' }))
      else if (done) done(outcome)
      else say.done(t('done'))
      await queries.invalidateQueries()
    } catch (error) {
      setTrouble(error)
      setBusy(false)
    }
  }
  return (
    <Modal
      open
      title={title}
      width={wide ? 880 : 520}
      style={wide ? { top: 32 } : undefined}
      okText={ok}
      cancelText={t('act.cancel', { ns: 'common' })}
      okButtonProps={{ danger, disabled: !act || (reasoned && !because.trim()), loading: busy }}
      onOk={() => void give()}
      onCancel={close}
    >
      <div className="stack dialog">
        {text && <p className="quiet">{text}</p>}
        {children}
        <label className="asked">
          <span>{t('why', { ns: 'common' })}</span>
          <Input.TextArea rows={2} maxLength={500} value={because} onChange={(event) => setBecause(event.target.value)} />
        </label>
        {Boolean(trouble) && <Alert type="error" showIcon title={<Said error={trouble} />} />}
      </div>
    </Modal>
  )
}
