import { Tooltip } from 'antd'
import { useFormat } from './format'

/** A moment: how long ago, and exactly when one points at it. */
export function When({ at, exact }: { at?: string | null; exact?: boolean }) {
  const { ago, time } = useFormat()
  if (!at) return <span className="quiet">–</span>
  return (
    <Tooltip title={exact ? ago(at) : time(at)}>
      <time dateTime={at} className="nowrap number">
        {exact ? time(at) : ago(at)}
      </time>
    </Tooltip>
  )
}
