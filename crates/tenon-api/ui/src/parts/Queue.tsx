import { Button, Empty } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import './queue.css'
import { When } from './When'

export interface Waiting { key: string | number; name: ReactNode; note?: ReactNode; since: string }

/** What waits for a person, the chosen one beside it. */
export function Queue({ waiting, at, choose, more, none, label, children }: {
  waiting: Waiting[]
  at: number
  choose: (at: number) => void
  /** Fetches more, where there is more. */
  more?: () => void
  none: string
  label: string
  children: ReactNode
}) {
  const { t } = useTranslation()
  if (!waiting.length) return <div className="panel" style={{ padding: 56 }}><Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={none} /></div>
  return (
    <div className="queue">
      <ol className="panel queue-list">
        {waiting.map(({ key, name, note, since }, index) => (
          <li key={key}>
            <button type="button" aria-current={index === at} onClick={() => choose(index)}>
              <span className="strong">{name}</span>
              <span className="quiet small">{note} {note && '·'} <When at={since} /></span>
            </button>
          </li>
        ))}
        {more && <li className="more"><Button size="small" onClick={more}>{t('act.more')}</Button></li>}
      </ol>
      <section className="panel queue-one" aria-label={label}>{children}</section>
    </div>
  )
}
