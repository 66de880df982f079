// Payloads and mappings, to read, to write and to compare. Loaded when the first is shown.
import { lazy, Suspense } from 'react'
import { Button, Skeleton, Tooltip } from 'antd'
import { CopyOutlined } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import { useCopy } from './copy'

const Editor = lazy(() => import('./Editor'))

export function Code(props: {
  text: string
  /** What it is, for who cannot see it. */
  label: string
  language?: 'json' | 'plain'
  onChange?: (text: string) => void
  /** Compared with this, which is the older. */
  before?: string
  height?: string
}) {
  const { t } = useTranslation()
  const copy = useCopy()
  return (
    <div className="code">
      <Tooltip title={t('act.copy')}>
        <Button
          className="code-copy"
          size="small"
          type="text"
          icon={<CopyOutlined />}
          aria-label={t('act.copy')}
          onClick={() => void copy(props.text)}
        />
      </Tooltip>
      <Suspense fallback={<Skeleton active paragraph={{ rows: 4 }} />}>
        <Editor {...props} />
      </Suspense>
    </div>
  )
}

export const pretty = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2))

/** The same record with its members in one order, so that only what differs is seen to differ. */
export function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, ordered(inner)]))
  }
  return value
}

/** JSON text on several lines, where no number is changed by it. */
export function readable(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    return JSON.stringify(value) === text ? pretty(value) : text
  } catch {
    return text
  }
}
