import { Input, InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Master } from '../../../api/masters'
import { When } from '../../../parts/When'
import { useSession } from '../../../session/session'
import { Dialog } from './Dialog'

/** The most days of a claim, and the most characters of an owner's name, as the hub has them. */
const LONGEST = 366
const NAME = 100
const USUAL = 30

type Props = { one: Master; close: () => void }

/** Somebody looks after this customer for so many days; the same owner renews. */
export function Claim({ one, close }: Props) {
  const { t } = useTranslation('customer')
  const session = useSession()
  const [owner, setOwner] = useState(one.claim?.owner ?? session.user)
  const [days, setDays] = useState<number | null>(USUAL)
  const act = owner.trim() && days ? { claim: { master: one.master_id, owner: owner.trim(), days } } : undefined
  return (
    <Dialog title={t(one.claim ? 'renew_title' : 'claim_title')} text={t('claim_text')} ok={t(one.claim ? 'renew' : 'claim')} act={act} close={close}>
      <Holds one={one} />
      <div className="row asked-row">
        <label className="asked grow"><span>{t('claim_owner')}</span><Input maxLength={NAME} disabled={Boolean(one.claim)} value={owner} onChange={(event) => setOwner(event.target.value)} /></label>
        <label className="asked"><span>{t('claim_days')}</span><InputNumber min={1} max={LONGEST} precision={0} value={days} onChange={setDays} /></label>
      </div>
    </Dialog>
  )
}

/** The owner of a claim leaves it to another. */
export function HandOver({ one, close }: Props) {
  const { t } = useTranslation('customer')
  const [to, setTo] = useState('')
  const from = one.claim!.owner
  const act = to.trim() && to.trim() !== from ? { hand_over: { master: one.master_id, from, to: to.trim() } } : undefined
  return (
    <Dialog title={t('hand_over_title')} text={t('hand_over_text')} ok={t('hand_over')} act={act} close={close}>
      <Holds one={one} />
      <label className="asked"><span>{t('claim_to')}</span><Input autoFocus maxLength={NAME} value={to} onChange={(event) => setTo(event.target.value)} /></label>
    </Dialog>
  )
}

/** The owner of a claim gives it up. */
export function GiveUp({ one, close }: Props) {
  const { t } = useTranslation('customer')
  return (
    <Dialog danger title={t('give_up_title')} text={t('give_up_text')} ok={t('give_up')} act={{ give_up: { master: one.master_id, owner: one.claim!.owner } }} close={close}>
      <Holds one={one} />
    </Dialog>
  )
}

/** Who has it now, and until when. */
function Holds({ one: { claim } }: { one: Master }) {
  const { t } = useTranslation('customer')
  if (!claim) return null
  return (
    <dl className="facts">
      <dt>{t('claim_owner')}</dt>
      <dd>{claim.owner}</dd>
      <dt>{t('claim_since')}</dt>
      <dd><When at={claim.since} exact /></dd>
      <dt>{t('claim_until')}</dt>
      <dd><When at={claim.until} exact /> <span className="quiet">(<When at={claim.until} />)</span></dd>
    </dl>
  )
}
