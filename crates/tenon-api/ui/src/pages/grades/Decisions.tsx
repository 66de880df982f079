import { Button, Empty, Skeleton } from 'antd'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, type Schemas } from '../../api/client'
import { Panel } from '../../parts/PageHead'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { nameOf } from './parts'

type Decided = Schemas['GradeDecided']

/** What people decided of grades, and why. */
export function Decisions() {
  const { t } = useTranslation('grades')
  return <Panel title={t('tab.decisions')}><DecisionList /></Panel>
}

/** The decisions about one customer, or about all. */
export function DecisionList({ customer }: { customer?: string }) {
  const { t } = useTranslation('grades')
  const found = useInfiniteQuery({
    queryKey: ['grade-decisions', customer],
    initialPageParam: undefined as number | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/insight/grades/decisions', { params: { query: { customer, after: pageParam, limit: customer ? 5 : 50 } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active paragraph={{ rows: 2 }} />
  const items = found.data.pages.flatMap((page) => page.items)
  if (!items.length) return customer ? <p className="quiet" style={{ margin: 0 }}>{t('no_decisions')}</p> : <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('no_decisions')} />
  return (
    <>
      <ol className="plain-list decisions">
        {items.map((one, at) => (
          <li key={`${one.at} ${at}`}>
            <span className="decision-head">
              <b>{one.by}</b>
              <What of={one} />
              {!customer && <Link to={`/customers/${one.customer}`}>{nameOf({ ...one, id: one.customer })}</Link>}
              {one.outcome !== 'done' && <State state="refused" label={one.outcome} />}
              <span className="quiet small"><When at={one.at} /></span>
            </span>
            {one.because && <q>{one.because}</q>}
          </li>
        ))}
      </ol>
      {found.hasNextPage && <div className="more"><Button size={customer ? 'small' : 'middle'} loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button></div>}
    </>
  )
}

function What({ of }: { of: Decided }) {
  const { t } = useTranslation('grades')
  const grade = (name?: string | null) => (name ? t(`name.${name}`, { defaultValue: name }) : t('no_grade'))
  if (of.decision === 'rate') return <span>{t('did_rate', { cooperation: of.cooperation })}</span>
  const done = of.decision === 'approve' ? 'did_approve' : of.decision === 'decline' ? 'did_decline' : 'did_decide'
  return <span>{t(done, { before: grade(of.before), grade: grade(of.grade), score: of.score ?? '–' })}</span>
}
