import { DownloadOutlined } from '@ant-design/icons'
import { Button, Dropdown, type MenuProps } from 'antd'
import { useTranslation } from 'react-i18next'
import { useFormat } from './format'

const FORMATS = { csv: 'CSV', xlsx: 'XLSX', parquet: 'Parquet' }

/** The link of a file follows a click by itself; Enter is told to the menu alone. */
export const follow: MenuProps['onClick'] = ({ domEvent }) => {
  if (domEvent.type === 'keydown') domEvent.currentTarget.querySelector('a')?.click()
}

/** Gives what is shown as a file, the first `most` of it where there may be more. */
export function Export({ href, most }: { href: (format: string) => string; most?: number }) {
  const { t } = useTranslation()
  const { number } = useFormat()
  const items = Object.entries(FORMATS).map(([format, name]) => ({ key: format, label: <a href={href(format)} download>{name}</a> }))
  const menu = most ? [{ key: 'most', type: 'group' as const, label: t('act.export_most', { most: number(most) }), children: items }] : items
  return (
    <Dropdown trigger={['click']} menu={{ items: menu, onClick: follow }}>
      <Button icon={<DownloadOutlined />}>{t('act.export')}</Button>
    </Dropdown>
  )
}
