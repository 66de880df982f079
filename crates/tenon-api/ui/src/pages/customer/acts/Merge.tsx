import { Alert, Radio, Skeleton } from 'antd'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { compare, nameOf, type Master } from '../../../api/masters'
import { CustomerPicker } from '../../../parts/CustomerPicker'
import { Evidence } from '../../../parts/pair/Evidence'
import { Sides } from '../../../parts/pair/Sides'
import { Trouble } from '../../../parts/Trouble'
import { Dialog } from './Dialog'

/** Another customer is this one: both beside each other, and which of them stays. */
export function Merge({ one, close, merged }: { one: Master; close: () => void; merged: (gone: Master, into: Master) => void }) {
  const { t } = useTranslation('customer')
  const navigate = useNavigate()
  const [other, setOther] = useState<string>()
  const [survivor, setSurvivor] = useState(0)
  const found = useQuery({ queryKey: ['compared', one.master_id, other], enabled: Boolean(other), queryFn: () => compare(one.master_id, other!) })
  const pair = other && found.data ? (found.data.sides as [Master, Master]) : undefined
  const forbidden = pair && found.data!.evidence.forbidden
  const stays = pair?.[survivor]
  const goes = pair?.[1 - survivor]
  const choice = (index: number) => <Radio checked={survivor === index} onChange={() => setSurvivor(index)}>{t('survives')}</Radio>
  return (
    <Dialog
      wide
      title={t('merge_title', { name: nameOf(one) })}
      text={t('merge_text')}
      ok={t('merge')}
      reasoned={Boolean(forbidden)}
      act={stays && goes && { merge: { survivor: stays.master_id, merged: goes.master_id } }}
      close={close}
      done={() => {
        merged(goes!, stays!)
        if (stays!.master_id !== one.master_id) navigate(`/customers/${stays!.master_id}`)
      }}
    >
      <CustomerPicker without={one.master_id} chosen={other} choose={setOther} label={t('merge_which')} />
      {found.error && <Trouble error={found.error} />}
      {other && found.isPending && <Skeleton active />}
      {pair && (
        <>
          {forbidden && <Alert type="warning" showIcon title={`${t(`forbidden.${forbidden}`, { defaultValue: forbidden })} ${t('forbidden_text')}`} />}
          <div className="boxed"><Sides key={other} pair={pair} differs={found.data!.differs} under={[choice(0), choice(1)]} /></div>
          <details open>
            <summary>{t('speaks')}</summary>
            <Evidence evidence={found.data!.evidence} />
          </details>
        </>
      )}
    </Dialog>
  )
}
