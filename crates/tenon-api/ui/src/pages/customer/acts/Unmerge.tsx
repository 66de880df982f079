import { Radio } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Master } from '../../../api/masters'
import { Named } from '../Named'
import { Dialog } from './Dialog'

/** A merge was a mistake: which of those that were merged into this one stands for itself again. */
export function Unmerge({ one, close }: { one: Master; close: () => void }) {
  const { t } = useTranslation('customer')
  const [merged, setMerged] = useState(one.merged.length === 1 ? one.merged[0] : undefined)
  return (
    <Dialog danger title={t('unmerge_title')} text={t('unmerge_text')} ok={t('unmerge')} act={merged ? { unmerge: { merged } } : undefined} close={close}>
      <Radio.Group className="choices" value={merged} onChange={(event) => setMerged(event.target.value)} aria-label={t('unmerge_which')}>
        {one.merged.map((id) => <Radio key={id} value={id}><Named id={id} plain /></Radio>)}
      </Radio.Group>
    </Dialog>
  )
}
