import { Button, Empty, Grid, Table, type TableProps } from 'antd'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { history, type Change } from '../../api/masters'
import { Cause } from '../../parts/Cause'
import { Trouble } from '../../parts/Trouble'
import { difference } from '../../parts/values'
import { When } from '../../parts/When'
import { Named } from './Named'
import { useFieldName, useShown } from '../../parts/fields'

/** The versions of a golden record, the latest first: what changed, and what made it so. */
export function History({ id }: { id: string }) {
  const { t } = useTranslation('customer')
  const found = useInfiniteQuery({
    queryKey: ['history', id],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) => history(id, pageParam),
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const wide = Grid.useBreakpoint().lg
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  const versions = found.data?.pages.flatMap((page) => page.items) ?? []
  // What the last of a page changed is seen beside the one before it, which comes with the next page.
  const shown = found.hasNextPage ? versions.slice(0, -1) : versions
  const changed = (version: Change) => <Changed now={version} before={versions[versions.indexOf(version) + 1]} />
  const columns: TableProps<Change>['columns'] = [
    { title: t('when'), dataIndex: 'at', width: 170, render: (at: string) => <When at={at} exact /> },
    { title: t('number'), dataIndex: 'version', width: 76, align: 'right', className: 'number' },
    { title: t('cause'), width: 230, render: (_, { cause }) => <Cause cause={cause} /> },
    { title: t('changed'), render: (_, version) => changed(version) },
  ]
  // Where there is little room, all of it stands below each other.
  const narrow: TableProps<Change>['columns'] = [
    {
      title: t('changed'),
      render: (_, version) => (
        <div className="stack" style={{ gap: 6 }}>
          <span className="row between small"><When at={version.at} exact /> <span className="quiet">{t('version', { version: version.version })}</span></span>
          <div><Cause cause={version.cause} /></div>
          {changed(version)}
        </div>
      ),
    },
  ]
  return (
    <>
      <Table<Change>
        size="small"
        rowKey="version"
        loading={found.isPending}
        className="history"
        pagination={false}
        dataSource={shown}
        locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('none', { ns: 'common' })} /> }}
        columns={wide ? columns : narrow}
      />
      {found.hasNextPage && <div className="more"><Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button></div>}
    </>
  )
}

/** From what to what each field changed; of the first version, what it began with. */
function Changed({ now, before }: { now: Change; before?: Change }) {
  const { t } = useTranslation('customer')
  const nameOfField = useFieldName()
  const shown = useShown()
  const merged = now.merged_into !== (before?.merged_into ?? null) && now.merged_into
  return (
    <ul className="plain-list small changes">
      {merged && <li><span className="quiet">{t('act.merge')}</span> <Named id={merged} /></li>}
      {now.changed.map((field) => {
        const { gone, come } = difference(before?.golden[field], now.golden[field], (value) => shown(field, value))
        return (
          <li key={field}>
            <span className="quiet">{nameOfField(field)}</span>
            <span className="break">
              {gone.map((value) => <del key={value}>{value}</del>)}
              {come.map((value) => <ins key={value}>{value}</ins>)}
              {gone.length + come.length === 0 && <span className="quiet">{t('changed_masked')}</span>}
            </span>
          </li>
        )
      })}
      {!merged && now.changed.length === 0 && <li className="quiet">{t('unchanged')}</li>}
    </ul>
  )
}
