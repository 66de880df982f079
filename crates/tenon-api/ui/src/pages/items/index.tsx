import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { PageHead } from '../../parts/PageHead'
import { Decided } from './Decided'
import { Open } from './Open'

/** Parts of which the machine does not tell whether another system has them already. */
export default function Items() {
  const { t } = useTranslation('items')
  const [query] = useSearchParams()
  const decided = query.get('tab') === 'decided'
  return (
    <div className="page wide stack">
      <PageHead title={t('title')} text={t('text')} />
      <nav className="tab-links" aria-label={t('title')}>
        <Link to={{ search: '' }} aria-current={decided ? undefined : 'page'}>{t('open')}</Link>
        <Link to={{ search: 'tab=decided' }} aria-current={decided ? 'page' : undefined}>{t('decided')}</Link>
      </nav>
      {decided ? <Decided /> : <Open />}
    </div>
  )
}
