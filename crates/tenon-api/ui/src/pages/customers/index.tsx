import { DownloadOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import type { ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { PageHead } from '../../parts/PageHead'
import { List } from './List'
import { Quality } from './Quality'

const TABS: Record<string, ComponentType> = { list: List, quality: Quality }

/** Customers: who they are, and how much is known of them. */
export default function Customers() {
  const { t } = useTranslation('customers')
  const [query] = useSearchParams()
  const asked = query.get('tab') ?? ''
  const tab = asked in TABS ? asked : 'list'
  const Tab = TABS[tab]!
  return (
    <div className="page stack">
      <PageHead title={t('title')} text={t('text')} tools={<Button icon={<DownloadOutlined />} href="/api/v1/masters/export" download>{t('all_as_file')}</Button>} />
      <nav className="tab-links" aria-label={t('title')}>
        {Object.keys(TABS).map((key) => <Link key={key} to={{ search: key === 'list' ? '' : `tab=${key}` }} aria-current={key === tab ? 'page' : undefined}>{t(`tab.${key}`)}</Link>)}
      </nav>
      <Tab />
    </div>
  )
}
