import { InputNumber, Slider } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../../../api/client'
import type { Master } from '../../../api/masters'
import { Dialog } from './Dialog'

/** How well a customer works with us, by a person's word: a part of its score. */
export function Rate({ one, close }: { one: Master; close: () => void }) {
  const { t } = useTranslation('customer')
  const said = hub.useQuery('get', '/api/v1/insight/grades/{id}', { params: { path: { id: one.master_id } } }, { retry: false })
  const [chosen, setChosen] = useState<number | null>()
  const cooperation = chosen === undefined ? said.data?.cooperation ?? null : chosen
  return (
    <Dialog title={t('rate_title')} text={t('rate_text')} ok={t('rate')} act={cooperation === null ? undefined : { rate: { master: one.master_id, cooperation } }} close={close}>
      <div className="row rate">
        <Slider className="grow" min={0} max={100} value={cooperation ?? 0} onChange={setChosen} ariaLabelForHandle={t('cooperation')} />
        <InputNumber min={0} max={100} precision={0} value={cooperation} onChange={setChosen} aria-label={t('cooperation')} />
      </div>
      {said.data && <p className="quiet small">{said.data.cooperation == null ? t('rate_none') : t('rate_now', { cooperation: said.data.cooperation })}</p>}
    </Dialog>
  )
}
