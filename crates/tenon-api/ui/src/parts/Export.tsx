import { DownloadOutlined } from '@ant-design/icons'
import { Button, Dropdown } from 'antd'
import { useTranslation } from 'react-i18next'
import { useFormat } from './format'

const FORMATS = { csv: 'CSV', xlsx: 'XLSX', parquet: 'Parquet' }

/** Gives what is shown as a file, the first `most` of it where there may be more. */
export function Export({ href, most }: { href: (format: string) => string; most?: number }) {
  const { t } = useTranslation()
  const { number } = useFormat()
  const items = Object.entries(FORMATS).map(([format, name]) => ({ key: format, label: <a href={href(format)} download>{name}</a> }))
  const menu = most ? [{ key: 'most', type: 'group' as const, label: t('act.export_most', { most: number(most) }), children: items }] : items
  return (
    <Dropdown menu={{ items: menu }}>
      <Button icon={<DownloadOutlined />}>{t('act.export')}</Button>
    </Dropdown>
  )
}
