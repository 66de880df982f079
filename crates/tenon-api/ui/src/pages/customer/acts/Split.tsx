import { Alert, App, Button, Checkbox } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { Master } from '../../../api/masters'
import { Named } from '../Named'
import { Dialog } from './Dialog'

/** The records that systems told of this customer itself: what came by a merge is parted by undoing it. */
export const ownRecords = (one: Master) => one.records.filter((record) => record.told && !record.of)

/** Some records of this customer are another one: which of them leave. */
export function Split({ one, close }: { one: Master; close: () => void }) {
  const { t } = useTranslation('customer')
  const { notification } = App.useApp()
  const navigate = useNavigate()
  const [leave, setLeave] = useState<string[]>([])
  const own = ownRecords(one)
  const told = one.records.filter((record) => record.told)
  const key = ({ system, native_id }: { system: string; native_id: string }) => `${system}/${native_id}`
  const records = own.filter((record) => leave.includes(key(record))).map(({ system, native_id }) => ({ system, native_id }))
  const everything = leave.length === told.length
  return (
    <Dialog
      title={t('split_title')}
      text={t('split_text')}
      ok={t('split')}
      act={records.length && !everything ? { split: { master: one.master_id, records } } : undefined}
      close={close}
      done={({ masters }) => {
        const made = masters?.[1]
        notification.success({
          title: t('split_done'),
          placement: 'bottomLeft',
          role: 'status',
          actions: made && <Button size="small" onClick={() => { notification.destroy(); navigate(`/customers/${made}`) }}>{t('split_open')}</Button>,
        })
      }}
    >
      <Checkbox.Group className="choices" value={leave} onChange={setLeave}>
        {told.map((record) => (
          <Checkbox key={key(record)} value={key(record)} disabled={Boolean(record.of)}>
            {record.system} <span className="mono">{record.native_id}</span>
            {record.of && <span className="quiet small"> {t('came_with')} <Named id={record.of} plain /></span>}
          </Checkbox>
        ))}
      </Checkbox.Group>
      {everything && <Alert type="warning" title={t('split_everything')} />}
    </Dialog>
  )
}
