import { Button, Input } from 'antd'
import { SearchOutlined } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { Panel } from '../../parts/PageHead'
import { askedOf } from './filter'
import { Filters } from './Filters'
import { Hits } from './Hits'
import { Listed } from './Listed'

/** Customers by anything that somebody calls them, misspelt or not, or by what they are and what they bought. */
export function List() {
  const { t } = useTranslation('customers')
  const [params, setParams] = useSearchParams()
  const { q, ...filter } = askedOf(params)
  const change = (changes: Record<string, string | undefined>) => {
    const next = new URLSearchParams(params)
    for (const [name, to] of Object.entries(changes)) to ? next.set(name, to) : next.delete(name)
    setParams(next)
  }
  const narrowed = Object.keys(filter).length > 0
  return (
    <Panel flush>
      <div className="toolbar">
        <Input.Search
          key={q ?? ''}
          style={{ flex: '1 1 320px', maxWidth: 560 }}
          allowClear
          defaultValue={q}
          placeholder={t('search')}
          aria-label={t('search')}
          enterButton={<SearchOutlined aria-label={t('act.search', { ns: 'common' })} />}
          onSearch={(typed) => change({ q: typed.trim() || undefined })}
        />
        <Filters filter={filter} change={change} />
        {narrowed && <Button type="link" onClick={() => setParams(q ? { q } : {})}>{t('act.reset', { ns: 'common' })}</Button>}
      </div>
      {/* By a text alone, those that it fits best come first. */}
      {q && !narrowed ? <Hits q={q} /> : <Listed filter={{ ...filter, ...(q ? { text: q } : {}) }} />}
    </Panel>
  )
}
