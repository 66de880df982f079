import { Button, Dropdown, type MenuProps } from 'antd'
import { DownOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { command, nameOf, type Master } from '../../../api/masters'
import { useSay } from '../../../parts/ask'
import { useUndo } from '../../../parts/undo'
import { useMay } from '../../../session/session'
import { Affiliate, Detach } from './Belong'
import { Claim, GiveUp, HandOver } from './Claim'
import { Merge } from './Merge'
import { Pin } from './Pin'
import { Rate } from './Rate'
import { ownRecords, Split } from './Split'
import { Unmerge } from './Unmerge'

/** What a steward may do about a customer. Each is a command: journaled, and told to every system. */
export function Acts({ one, golden, revealed }: { one: Master; golden: Record<string, unknown>; revealed: boolean }) {
  const { t } = useTranslation('customer')
  const may = useMay('decide')
  const say = useSay()
  const queries = useQueryClient()
  const offerUndo = useUndo()
  const [asking, setAsking] = useState<string>()
  if (!may) return null
  const close = () => setAsking(undefined)
  async function unmerge(gone: Master) {
    try {
      await command({ unmerge: { merged: gone.master_id } }, t('taken_back'))
      say.done(t('done'))
      await queries.invalidateQueries()
    } catch (error) {
      say.failed(error)
    }
  }
  const dialogs: Record<string, () => ReactNode> = {
    merge: () => (
      <Merge one={one} close={close} merged={(gone, into) => offerUndo(t('merged_done', { gone: nameOf(gone), into: nameOf(into) }), () => void unmerge(gone))} />
    ),
    unmerge: () => <Unmerge one={one} close={close} />,
    split: () => <Split one={one} close={close} />,
    pin: () => <Pin one={one} golden={golden} revealed={revealed} close={close} />,
    claim: () => <Claim one={one} close={close} />,
    hand_over: () => <HandOver one={one} close={close} />,
    give_up: () => <GiveUp one={one} close={close} />,
    rate: () => <Rate one={one} close={close} />,
    affiliate: () => <Affiliate one={one} close={close} />,
    detach: () => <Detach one={one} close={close} />,
  }
  const entry = (key: string, label: string, disabled = false) => ({ key, label: `${label} …`, disabled })
  const line = (key: string) => ({ key, type: 'divider' as const })
  const items: MenuProps['items'] = [
    ...(one.claim
      ? [entry('claim', t('renew')), entry('hand_over', t('hand_over')), entry('give_up', t('give_up'))]
      : [entry('claim', t('claim'))]),
    line('1'),
    entry('pin', t('pin_any')),
    entry('rate', t('rate')),
    one.parents.length > 0 ? entry('detach', t('detach')) : entry('affiliate', t('affiliate')),
    line('2'),
    entry('split', t('split'), ownRecords(one).length === 0 || one.records.filter((record) => record.told).length < 2),
    entry('unmerge', t('unmerge'), one.merged.length === 0),
  ]
  if (one.merged_into) {
    return (
      <>
        <Button onClick={() => setAsking('unmerge')}>{t('unmerge')}</Button>
        {asking && <Unmerge one={one} close={close} />}
      </>
    )
  }
  return (
    <>
      <Button type="primary" onClick={() => setAsking('merge')}>{t('merge')}</Button>
      <Dropdown trigger={['click']} menu={{ items, onClick: ({ key }) => setAsking(key) }}>
        <Button>{t('acts')} <DownOutlined /></Button>
      </Dropdown>
      {asking && dialogs[asking]?.()}
    </>
  )
}
