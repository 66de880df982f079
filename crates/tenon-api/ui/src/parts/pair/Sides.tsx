import { Button, Tag } from 'antd'
import { EyeOutlined } from '@ant-design/icons'
import { useState, type ReactNode, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { nameOf, reveal, type Master } from '../../api/masters'
import { useAskWhy, useSay } from '../ask'
import { useFieldName, useShown } from '../fields'
import { useKeys } from '../keys'
import '../queue.css'
import { useMay } from '../../session/session'

/** Two masters, value beside value; what is the same in both recedes. Under each name stands what it is in this. */
export function Sides({ pair, differs, under, reason }: {
  pair: [Master, Master]
  differs: string[]
  under: [ReactNode, ReactNode]
  /** Why somebody looked last: suggested when the next pair is revealed. */
  reason?: RefObject<string>
}) {
  const { t } = useTranslation(['reviews', 'customer'])
  const may = useMay('reveal')
  const askWhy = useAskWhy()
  const say = useSay()
  const nameOfField = useFieldName()
  const shownOf = useShown()
  // Kept no longer than the pair is looked at.
  const [shown, setShown] = useState<Record<string, unknown>[]>()
  async function look() {
    const because = await askWhy(t('reveal_title', { ns: 'customer' }), t('reveal_text', { ns: 'customer' }), { required: true, ok: t('reveal', { ns: 'customer' }), suggested: reason?.current })
    if (!because) return
    if (reason) reason.current = because
    try {
      setShown(await Promise.all(pair.map((side) => reveal(side.master_id, because))))
    } catch (error) {
      say.failed(error)
    }
  }
  useKeys(may && !shown ? { r: () => void look() } : {})
  const [first, second] = shown ?? pair.map((side) => side.golden)
  const rows = Object.keys({ ...first, ...second })
    .map((field) => [field, shownOf(field, first![field]), shownOf(field, second![field])] as const)
    .filter(([, one, other]) => one || other)
    // What differs decides, so it is read first.
    .sort(([one], [other]) => Number(differs.includes(other)) - Number(differs.includes(one)))
  return (
    <div className="sides-scroll" tabIndex={0} role="region" aria-label={t('pair')}>
      <table className="sides">
        <thead>
          <tr>
            <th scope="col">
              {may && !shown ? (
                <Button size="small" icon={<EyeOutlined />} onClick={() => void look()}>{t('reveal', { ns: 'customer' })}</Button>
              ) : (
                <span className="quiet">{t('field')}</span>
              )}
            </th>
            {pair.map((side, index) => (
              <th key={side.master_id + index} scope="col">
                <Link to={`/customers/${side.master_id}`}>{nameOf(side)}</Link>
                <div className="quiet small">{under[index]}</div>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([field, one, other]) => {
            // The hub compared what is under the masks.
            const state = differs.includes(field) ? 'differs' : one && other ? 'same' : 'lacks'
            return (
              <tr key={field} className={state}>
                <th scope="row">{nameOfField(field)}</th>
                <td>{one || <span className="quiet">–</span>}</td>
                <td>{other || <span className="quiet">–</span>} {state === 'differs' && <Tag className="differs-tag">{t(one === other ? 'differs_masked' : 'differs')}</Tag>}</td>
              </tr>
            )
          })}
          <tr>
            <th scope="row">{t('records')}</th>
            {pair.map((side, index) => (
              <td key={index}>{side.records.map((record) => `${record.system} ${record.native_id}`).join(' · ') || '–'}</td>
            ))}
          </tr>
        </tbody>
      </table>
    </div>
  )
}
