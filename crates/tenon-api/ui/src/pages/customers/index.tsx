import { DownloadOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import type { ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { PageHead } from '../../parts/PageHead'
import { useMay } from '../../session/session'
import { Import } from './Import'
import { List } from './List'
import { Quality } from './Quality'

const TABS: Record<string, ComponentType> = { list: List, quality: Quality, import: Import }

/** Customers: who they are, how much is known of them, and lists of them that are brought in. */
export default function Customers() {
  const { t } = useTranslation('customers')
  const [query] = useSearchParams()
  const may = useMay('decide')
  const tabs = Object.keys(TABS).filter((key) => may || key !== 'import')
  const asked = query.get('tab') ?? ''
  const tab = tabs.includes(asked) ? asked : 'list'
  const Tab = TABS[tab]!
  return (
    <div className="page stack">
      <PageHead title={t('title')} text={t('text')} tools={<Button icon={<DownloadOutlined />} href="/api/v1/masters/export" download>{t('all_as_file')}</Button>} />
      <nav className="tab-links" aria-label={t('title')}>
        {tabs.map((key) => <Link key={key} to={{ search: key === 'list' ? '' : `tab=${key}` }} aria-current={key === tab ? 'page' : undefined}>{t(`tab.${key}`)}</Link>)}
      </nav>
      <Tab />
    </div>
  )
}
