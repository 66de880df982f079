import { Button, Checkbox, Input, Popover } from 'antd'
import { DeleteOutlined, StarOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, hub, type Schemas } from '../../api/client'
import { useSay } from '../../parts/ask'
import { useMay } from '../../session/session'

const WHERE = '/api/v1/searches'

/** Searches that people keep: one's own, and those that an administrator shows to all. */
export function Saved({ query, ask }: { query: string; ask: (query: string) => void }) {
  const { t } = useTranslation('messages')
  const [open, setOpen] = useState(false)
  const go = (query: string) => {
    setOpen(false)
    ask(query)
  }
  return (
    <Popover trigger="click" placement="bottomRight" open={open} onOpenChange={setOpen} destroyOnHidden content={<Searches query={query} ask={go} />}>
      <Button icon={<StarOutlined />} aria-expanded={open}>{t('saved')}</Button>
    </Popover>
  )
}

function Searches({ query, ask }: { query: string; ask: (query: string) => void }) {
  const { t } = useTranslation('messages')
  const administers = useMay('administer')
  const say = useSay()
  const queries = useQueryClient()
  const found = hub.useQuery('get', WHERE)
  const parts = [...new URLSearchParams(query)].filter(([name]) => name !== 'by').map(([, part]) => part)
  const [name, setName] = useState(parts.join(' · '))
  const [shared, setShared] = useState(false)
  const act = async (what: Promise<unknown>) => {
    try {
      await what
      await queries.invalidateQueries({ queryKey: ['get', WHERE] })
    } catch (error) {
      say.failed(error)
    }
  }
  const keep = () => void act(api.POST(WHERE, { body: { name: name.trim(), query, shared } }))
  const forget = ({ id }: Schemas['Search']) => void act(api.DELETE('/api/v1/searches/{id}', { params: { path: { id } } }))
  const items = found.data?.items ?? []
  return (
    <div className="saved" aria-busy={found.isPending}>
      {items.length === 0 && !found.isPending && <p className="quiet small">{t('none_saved')}</p>}
      <ul className="plain-list">
        {items.map((search) => (
          <li key={search.id}>
            <span className="grow">
              <button type="button" className="linkish" onClick={() => ask(search.query)}>{search.name}</button>
              {search.shared && <div className="quiet small">{search.own ? t('shared') : t('shared_by', { who: search.owner })}</div>}
            </span>
            {(search.own || administers) && <Button type="text" size="small" icon={<DeleteOutlined />} aria-label={t('forget', { name: search.name })} onClick={() => forget(search)} />}
          </li>
        ))}
      </ul>
      {parts.length > 0 && (
        <form className="saved-new" onSubmit={(event) => { event.preventDefault(); keep() }}>
          <Input value={name} maxLength={100} onChange={(event) => setName(event.target.value)} aria-label={t('name')} placeholder={t('name')} />
          {administers && <Checkbox checked={shared} onChange={(event) => setShared(event.target.checked)}>{t('share')}</Checkbox>}
          <Button type="primary" htmlType="submit" disabled={!name.trim()}>{t('save_search')}</Button>
        </form>
      )}
    </div>
  )
}
