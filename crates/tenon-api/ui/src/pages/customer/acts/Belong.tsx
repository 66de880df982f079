import { Radio } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Master } from '../../../api/masters'
import { CustomerPicker } from '../../../parts/CustomerPicker'
import { Named } from '../Named'
import { Dialog } from './Dialog'

const KINDS = ['branch', 'member'] as const

/** This customer is a branch, or a company of a group. */
export function Affiliate({ one, close }: { one: Master; close: () => void }) {
  const { t } = useTranslation('customer')
  const [kind, setKind] = useState<(typeof KINDS)[number]>('branch')
  const [parent, setParent] = useState<string>()
  return (
    <Dialog title={t('belongs_title')} text={t('above_text')} ok={t('affiliate')} act={parent ? { affiliate: { child: one.master_id, parent, kind } } : undefined} close={close}>
      <Radio.Group value={kind} onChange={(event) => setKind(event.target.value)} options={KINDS.map((value) => ({ value, label: t(`above_which.${value}`) }))} />
      <CustomerPicker without={one.master_id} chosen={parent} choose={setParent} label={t(`above.${kind}`)} />
    </Dialog>
  )
}

/** It belongs to nobody any more. */
export function Detach({ one, close }: { one: Master; close: () => void }) {
  const { t } = useTranslation('customer')
  const [above] = one.parents
  return (
    <Dialog danger title={t('detach_title')} text={t('above_text')} ok={t('detach')} act={{ detach: { child: one.master_id } }} close={close}>
      {above && <p>{t(`above.${above.kind}`)}: <Named id={above.master_id} plain /></p>}
    </Dialog>
  )
}
