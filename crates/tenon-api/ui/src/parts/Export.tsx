import { DownloadOutlined } from '@ant-design/icons'
import { Button, Dropdown } from 'antd'
import { useTranslation } from 'react-i18next'

const FORMATS = { csv: 'CSV', xlsx: 'XLSX', parquet: 'Parquet' }

/** Gives what is shown as a file. */
export function Export({ href }: { href: (format: string) => string }) {
  const { t } = useTranslation()
  const items = Object.entries(FORMATS).map(([format, name]) => ({ key: format, label: <a href={href(format)} download>{name}</a> }))
  return (
    <Dropdown menu={{ items }}>
      <Button icon={<DownloadOutlined />}>{t('act.export')}</Button>
    </Dropdown>
  )
}
