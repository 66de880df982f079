import { Button, Empty, Skeleton, Table } from 'antd'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api } from '../../api/client'
import { Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { useMay } from '../../session/session'
import { Decide, Grade, nameOf, Parts, Score, type Graded } from './parts'

/** Names what was proposed, so that the same customer can be proposed for another grade later. */
const proposal = ({ id, proposed }: Graded) => `${id} ${proposed}`

/** Which grades should change, and why; a person says yes or no. */
export function Proposals() {
  const { t } = useTranslation('grades')
  const may = useMay('decide')
  const [deciding, setDeciding] = useState<{ of: Graded; decision: 'approve' | 'decline' }>()
  // The figures follow what was decided within seconds: until then it is not offered again.
  const [decided, setDecided] = useState<string[]>([])
  const found = useInfiniteQuery({
    queryKey: ['scores', 'proposed'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/insight/grades', { params: { query: { limit: 50, after: pageParam } } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 10_000,
  })
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active />
  return (
    <Panel title={t('proposals')} flush>
      <Table<Graded>
        size="small"
        rowKey="id"
        pagination={false}
        scroll={{ x: 820 }}
        dataSource={found.data.pages.flatMap((page) => page.items).filter((row) => !decided.includes(proposal(row)))}
        locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('no_proposals')} /> }}
        expandable={{ expandedRowRender: (row) => <Parts parts={row.parts} /> }}
        columns={[
          { title: t('customer'), render: (_, row) => <Link to={`/customers/${row.id}`}>{nameOf(row)}</Link> },
          { title: t('owner'), dataIndex: 'owner', render: (owner?: string) => owner ?? '–' },
          { title: t('score'), width: 170, render: (_, row) => <Score of={row} /> },
          { title: t('has'), render: (_, row) => <Grade name={row.grade} /> },
          { title: t('proposed'), render: (_, row) => <Grade name={row.proposed} /> },
          {
            key: 'decide',
            align: 'right',
            render: (_, of) =>
              may && (
                <span style={{ display: 'inline-flex', gap: 8 }}>
                  <Button size="small" className="accent" onClick={() => setDeciding({ of, decision: 'approve' })}>{t('approve')}</Button>
                  <Button size="small" onClick={() => setDeciding({ of, decision: 'decline' })}>{t('decline')}</Button>
                </span>
              ),
          },
        ]}
      />
      {found.hasNextPage && <div className="more"><Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button></div>}
      {deciding && (
        <Decide
          {...deciding}
          done={(of) => {
            setDeciding(undefined)
            if (of) setDecided([...decided, proposal(of)])
          }}
        />
      )}
    </Panel>
  )
}
