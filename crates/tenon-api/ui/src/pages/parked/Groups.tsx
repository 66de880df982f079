import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { useFormat } from '../../parts/format'
import { Panel } from '../../parts/PageHead'
import { useWords } from '../../parts/Said'
import { State } from '../../parts/State'
import { When } from '../../parts/When'
import { fits, STATES, useFilter, type Filter } from './filter'

type Group = Schemas['GroupView']

/** So many are shown before somebody asks for the rest. */
const SHOWN = 6

const same = (group: Group, filter: Filter) =>
  group.system === filter.system && group.direction === filter.direction && group.state === filter.state && group.code === filter.code

/** What waits, by its reason; a group that is chosen is the filter of the page. */
export function Groups({ groups }: { groups: Group[] }) {
  const { t } = useTranslation('parked')
  const { number } = useFormat()
  const words = useWords()
  const { filter, set } = useFilter()
  const [all, setAll] = useState(false)
  const rank = (group: Group) => STATES.indexOf(group.state as (typeof STATES)[number])
  // While one is chosen, the others stay in sight.
  const fitting = filter.code ? groups : groups.filter((group) => fits(group, filter))
  const sorted = [...fitting].sort((a, b) => rank(a) - rank(b) || b.count - a.count)
  const shown = all ? sorted : sorted.filter((group, at) => at < SHOWN || same(group, filter))
  const toggle = (group: Group) => {
    const { system, direction, state, code } = group as Group & Filter
    set(same(group, filter) ? { system: undefined, direction: undefined, state: undefined, code: undefined } : { system, direction, state, code })
  }
  return (
    <Panel title={t('groups')} flush>
      <Table
        size="small"
        rowKey={(group) => [group.system, group.direction, group.state, group.code].join('|')}
        dataSource={shown}
        pagination={false}
        scroll={{ x: 720 }}
        rowClassName={(group) => (same(group, filter) ? 'ant-table-row-selected clickable' : 'clickable')}
        onRow={(group) => ({ onClick: () => toggle(group) })}
        columns={[
          { title: t('state'), dataIndex: 'state', width: 190, render: (state: string) => <State state={state} label={t(`parked_state.${state}`, { ns: 'common' })} /> },
          {
            title: t('reason'),
            dataIndex: 'code',
            render: (code: string, group) => (
              <button type="button" className="linkish" aria-pressed={same(group, filter)} onClick={(event) => { event.stopPropagation(); toggle(group) }}>
                {words(code)}
              </button>
            ),
          },
          { title: t('way'), render: (_, group) => t(group.direction === 'inbound' ? 'from' : 'to', { system: group.system }) },
          { title: t('oldest'), dataIndex: 'oldest', width: 140, render: (at: string) => <When at={at} /> },
          { title: t('count'), dataIndex: 'count', width: 110, align: 'right', render: (count: number) => <b className="number">{number(count)}</b> },
        ]}
      />
      {sorted.length > SHOWN && (
        <div className="more">
          <Button size="small" type="text" aria-expanded={all} onClick={() => setAll(!all)}>{all ? t('fewer_groups') : t('more_groups', { number: number(sorted.length - SHOWN) })}</Button>
        </div>
      )}
    </Panel>
  )
}
