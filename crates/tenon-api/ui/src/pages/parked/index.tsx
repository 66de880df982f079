import { Empty, Skeleton } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { hub } from '../../api/client'
import { PageHead, Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { useSession } from '../../session/session'
import { Corrections } from './Corrections'
import { asksMore, useFilter } from './filter'
import { Filters } from './Filters'
import { Groups } from './Groups'
import { Redrives } from './Redrives'
import { Waiting } from './Waiting'

/** What waits: in groups by its reason, each message with what a redrive would do, and what can be done. */
export default function Parked() {
  const { t } = useTranslation('parked')
  const { filter } = useFilter()
  // Nobody can say of which system a message is that cannot be read.
  const { systems } = useSession()
  const groups = hub.useQuery('get', '/api/v1/parked/groups', {}, { refetchInterval: 1_500 })
  if (groups.error) return <Trouble error={groups.error} again={() => groups.refetch()} />
  if (!groups.data) return <Skeleton active className="page" />
  return (
    <div className="page">
      <PageHead title={t('title')} text={t('text')} tools={!systems?.length && <Link to="/dead-letters">{t('nav.dead_letters', { ns: 'common' })}</Link>} />
      <div className="stack">
        <Corrections />
        <Redrives />
        {groups.data.length === 0 && Object.keys(filter).length === 0 ? (
          <div className="panel" style={{ padding: 56 }}>
            <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('nothing')} />
          </div>
        ) : (
          <>
            <Panel flush><Filters /></Panel>
            {!asksMore(filter) && groups.data.length > 0 && <Groups groups={groups.data} />}
            <Waiting key={JSON.stringify(filter)} filter={filter} groups={groups.data} />
          </>
        )}
      </div>
    </div>
  )
}
