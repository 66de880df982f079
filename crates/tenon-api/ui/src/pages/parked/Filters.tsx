import { Button, DatePicker, Input, Select, Space } from 'antd'
import { SearchOutlined } from '@ant-design/icons'
import dayjs from 'dayjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../../api/client'
import { useWords } from '../../parts/Said'
import { useMay } from '../../session/session'
import { DIRECTIONS, STATES, useFilter } from './filter'

const SEARCHED = ['key', 'reason', 'text'] as const

/** Everything by which messages that wait are found. */
export function Filters() {
  const { t } = useTranslation('parked')
  const words = useWords()
  const { filter, set, clear } = useFilter()
  const connectors = hub.useQuery('get', '/api/v1/connectors')
  const mayReveal = useMay('reveal')
  const searched = SEARCHED.find((name) => filter[name])
  const [by, setBy] = useState<(typeof SEARCHED)[number]>(searched ?? 'key')
  const entities = Object.entries(t('entity', { ns: 'common', returnObjects: true }) as Record<string, string>)
  return (
    <div className="toolbar" role="search" aria-label={t('filter')}>
      <Space.Compact style={{ flex: '1 1 340px', maxWidth: 520 }}>
        <Select
          aria-label={t('by_what')}
          value={searched ?? by}
          options={SEARCHED.filter((value) => mayReveal || value !== 'text').map((value) => ({ value, label: t(`search_by.${value}`) }))}
          onChange={(chosen) => {
            setBy(chosen)
            set({ key: undefined, reason: undefined, text: undefined, ...(searched ? { [chosen]: filter[searched] } : {}) })
          }}
          popupMatchSelectWidth={false}
        />
        <Input.Search
          key={searched ? filter[searched] : ''}
          placeholder={t(`search_hint.${searched ?? by}`)}
          aria-label={t('search')}
          defaultValue={searched && filter[searched]}
          allowClear
          maxLength={200}
          enterButton={<SearchOutlined aria-label={t('act.search', { ns: 'common' })} />}
          onSearch={(typed) => set({ key: undefined, reason: undefined, text: undefined, [searched ?? by]: typed.trim() || undefined })}
        />
      </Space.Compact>
      <Select allowClear style={{ minWidth: 130 }} placeholder={t('system')} aria-label={t('system')} value={filter.system} onChange={(system) => set({ system })} options={(connectors.data ?? []).map(({ name }) => ({ value: name, label: name }))} />
      <Select allowClear style={{ minWidth: 120 }} placeholder={t('way')} aria-label={t('way')} value={filter.direction} onChange={(direction) => set({ direction })} options={DIRECTIONS.map((value) => ({ value, label: t(`direction.${value}`) }))} />
      <Select allowClear style={{ minWidth: 150 }} placeholder={t('state')} aria-label={t('state')} value={filter.state} onChange={(state) => set({ state })} options={STATES.map((value) => ({ value, label: t(`parked_state.${value}`, { ns: 'common' }) }))} />
      <Select allowClear showSearch={{ optionFilterProp: 'label' }} style={{ minWidth: 130 }} placeholder={t('entity')} aria-label={t('entity')} value={filter.entity} onChange={(entity) => set({ entity })} options={entities.map(([value, label]) => ({ value, label }))} />
      <DatePicker.RangePicker
        showTime={{ format: 'HH:mm' }}
        format="YYYY-MM-DD HH:mm"
        allowEmpty={[true, true]}
        placeholder={[t('parked_from'), t('parked_to')]}
        value={[filter.since ? dayjs(filter.since) : null, filter.until ? dayjs(filter.until) : null]}
        onChange={(range) => set({ since: range?.[0]?.toISOString(), until: range?.[1]?.toISOString() })}
      />
      {filter.code && (
        <span className="chip">
          {words(filter.code)}
          <button type="button" className="linkish" aria-label={t('any_reason')} onClick={() => set({ code: undefined })}>✕</button>
        </span>
      )}
      {Object.keys(filter).length > 0 && <Button type="text" onClick={clear}>{t('all')}</Button>}
    </div>
  )
}
