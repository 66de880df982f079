import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { PageHead } from '../../parts/PageHead'
import { Decided } from './Decided'
import { Open } from './Open'

/** Pairs that may be one customer: those to decide, and those that were decided. */
export default function Reviews() {
  const { t } = useTranslation('reviews')
  const [query] = useSearchParams()
  const decided = query.get('tab') === 'decided'
  return (
    <div className="page wide stack">
      <PageHead title={t('title')} text={t('text')} />
      <nav className="tab-links" aria-label={t('title')}>
        <Link to={{ search: '' }} aria-current={decided ? undefined : 'page'}>{t('open')}</Link>
        <Link to={{ search: 'tab=decided' }} aria-current={decided ? 'page' : undefined}>{t('decided_tab')}</Link>
      </nav>
      {decided ? <Decided /> : <Open />}
    </div>
  )
}
