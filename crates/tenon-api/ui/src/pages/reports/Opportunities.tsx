import { useInfiniteQuery } from '@tanstack/react-query'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api } from '../../api/client'
import { useFormat } from '../../parts/format'
import { Panel } from '../../parts/PageHead'
import { Papers } from '../../parts/Papers'
import { Trouble } from '../../parts/Trouble'
import { useNames } from './report'

type Of = { stage: string; reached: boolean; outcome?: string; from: string; to: string; customer?: string; whole: string }

/** The opportunities that a number of the funnel counts. */
export function Opportunities({ stage, reached, outcome, from, to, customer, whole }: Of) {
  const { t } = useTranslation('reports')
  const names = useNames()
  const { number } = useFormat()
  const asked = {
    entity: 'opportunity', outcome, customer, ...(reached ? { reached: stage } : { status: stage }),
    from: `${from}-01`, to: dayjs(`${to}-01`).endOf('month').format('YYYY-MM-DD'),
  }
  const found = useInfiniteQuery({
    queryKey: ['papers', asked],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/insight/documents', { params: { query: { ...asked, after: pageParam } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const papers = found.data?.pages.flatMap((page) => page.items) ?? []
  const what = outcome ? names.column(outcome) : t(reached ? 'column.reached' : 'column.standing')
  return (
    <Panel
      flush
      title={`${t('opportunities')}: ${names.cell(stage)} · ${what}`}
      tools={<>{found.data && !found.hasNextPage && <span className="quiet" role="status">{number(papers.length)}</span>}<Link to={whole}>{t('act.close', { ns: 'common' })}</Link></>}
    >
      {found.error ? (
        <Trouble error={found.error} again={() => found.refetch()} />
      ) : (
        <Papers whose papers={papers} loading={found.isFetching} more={found.hasNextPage ? () => void found.fetchNextPage() : undefined} />
      )}
    </Panel>
  )
}
