import { Alert, Button, Input, Table } from 'antd'
import { DownloadOutlined, SafetyCertificateOutlined } from '@ant-design/icons'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client'
import { useSay } from '../../parts/ask'
import { Code, pretty } from '../../parts/Code'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'

interface Entry { position: number; at: string; who: string; via: string; origin?: string; action: string; subject?: string; outcome: string; detail: unknown; hash: string }

/** Who did what, from where, and when. Each entry holds the one before, so that tampering shows. */
export function Audit() {
  const { t } = useTranslation('settings')
  const say = useSay()
  const [who, setWho] = useState<string>()
  const [checked, setChecked] = useState<{ well: boolean; text: string }>()
  const found = useInfiniteQuery({
    queryKey: ['audit', who],
    initialPageParam: undefined as number | undefined,
    queryFn: async ({ pageParam }) => (await api.GET('/api/v1/audit', { params: { query: { who, after: pageParam, limit: 50 } as never } })).data!,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const entries = (found.data?.pages.flatMap((page) => page.items) ?? []) as unknown as Entry[]
  async function check() {
    try {
      const { data } = await api.GET('/api/v1/audit/check')
      const told = data as unknown as Record<string, unknown>
      setChecked({ well: told.broken == null && told.sound !== false, text: pretty(told) })
    } catch (error) {
      say.failed(error)
    }
  }
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  return (
    <div className="stack">
      <div className="row between">
        <Input.Search allowClear style={{ maxWidth: 280 }} placeholder={t('who_filter')} aria-label={t('who_filter')} onSearch={(typed) => setWho(typed.trim() || undefined)} />
        <span className="row">
          <Button icon={<SafetyCertificateOutlined />} onClick={() => void check()}>{t('check_trail')}</Button>
          <Button icon={<DownloadOutlined />} href="/api/v1/audit/export">{t('export')}</Button>
        </span>
      </div>
      {checked && <Alert closable onClose={() => setChecked(undefined)} type={checked.well ? 'success' : 'error'} showIcon title={checked.well ? t('trail_sound') : t('trail_broken')} description={<pre className="small" style={{ margin: 0, whiteSpace: 'pre-wrap' }}>{checked.text}</pre>} />}
      <Table
        size="small"
        rowKey="position"
        loading={found.isPending}
        pagination={false}
        scroll={{ x: 760 }}
        dataSource={entries}
        expandable={{ expandedRowRender: (entry) => <Code label={t('detail')} text={pretty({ detail: entry.detail, hash: entry.hash })} /> }}
        columns={[
          { title: t('when'), dataIndex: 'at', render: (at: string) => <When at={at} exact /> },
          { title: t('who'), dataIndex: 'who', render: (name: string) => <b>{name}</b> },
          { title: t('action'), dataIndex: 'action', render: (action: string) => <span className="mono">{action}</span> },
          { title: t('subject'), dataIndex: 'subject', render: (subject?: string) => <span className="mono break">{subject}</span> },
          { title: t('outcome'), dataIndex: 'outcome', render: (outcome: string) => <span className={outcome === 'done' ? 'good' : 'bad'}>{outcome}</span> },
          { title: t('origin'), dataIndex: 'origin', render: (origin?: string) => <span className="mono">{origin}</span> },
        ]}
      />
      {found.hasNextPage && <div className="more"><Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('act.more', { ns: 'common' })}</Button></div>}
    </div>
  )
}
