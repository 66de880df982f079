import { Radio } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Master } from '../../../api/masters'
import { Named } from '../Named'
import { Dialog } from './Dialog'

/** A merge was a mistake: which of those that were merged into this one, or whether this one, stands for itself again. */
export function Unmerge({ one, close }: { one: Master; close: () => void }) {
  const { t } = useTranslation('customer')
  const choices = one.merged_into ? [one.master_id] : one.merged
  const [merged, setMerged] = useState(choices.length === 1 ? choices[0] : undefined)
  return (
    <Dialog danger title={t('unmerge_title')} text={t('unmerge_text')} ok={t('unmerge')} act={merged ? { unmerge: { merged } } : undefined} close={close}>
      <Radio.Group className="choices" value={merged} onChange={(event) => setMerged(event.target.value)} aria-label={t('unmerge_which')}>
        {choices.map((id) => <Radio key={id} value={id}><Named id={id} plain /></Radio>)}
      </Radio.Group>
    </Dialog>
  )
}
