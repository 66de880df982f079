import type { ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { PageHead } from '../../parts/PageHead'
import { Decisions } from './Decisions'
import './grades.css'
import { Policy } from './Policy'
import { Proposals } from './Proposals'
import { Scores } from './Scores'

const TABS: Record<string, ComponentType> = { proposals: Proposals, scores: Scores, decisions: Decisions, policy: Policy }

/** What customers are worth, which grades should change, what people decided of it, and what a grade brings. */
export default function Grades() {
  const { t } = useTranslation('grades')
  const [query] = useSearchParams()
  const asked = query.get('tab') ?? ''
  const tab = asked in TABS ? asked : 'proposals'
  const Tab = TABS[tab]!
  return (
    <div className="page stack">
      <PageHead title={t('title')} text={t('text')} />
      <nav className="tab-links" aria-label={t('title')}>
        {Object.keys(TABS).map((key) => <Link key={key} to={{ search: key === 'proposals' ? '' : `tab=${key}` }} aria-current={key === tab ? 'page' : undefined}>{t(`tab.${key}`)}</Link>)}
      </nav>
      <Tab />
    </div>
  )
}
