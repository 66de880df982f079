import { Alert, Button, Progress, Skeleton, Table, Tabs, Tag } from 'antd'
import { EyeOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { master, nameOf, reveal, type Master } from '../../api/masters'
import { useAskWhy, useSay } from '../../parts/ask'
import { useFormat } from '../../parts/format'
import { PageHead, Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { useMay } from '../../session/session'
import { Acts } from './acts'
import './customer.css'
import { Dealings, Worth } from './Dealings'
import { History } from './History'
import { Messages } from './Messages'
import { Named } from './Named'
import { useFieldName } from '../../parts/fields'
import { Values } from './Values'

/** Everything that is known of a customer, and who said it. */
export default function Customer() {
  const { id = '' } = useParams()
  const found = useQuery({ queryKey: ['master', id], queryFn: () => master(id) })
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active className="page" />
  return <Known key={found.data.master_id} one={found.data} />
}

function Known({ one }: { one: Master }) {
  const { t } = useTranslation('customer')
  const may = useMay('reveal')
  const askWhy = useAskWhy()
  const say = useSay()
  const { day } = useFormat()
  const nameOfField = useFieldName()
  // Kept no longer than the page is looked at, and than the version that was looked at.
  const [shown, setShown] = useState<{ version: number; golden: Record<string, unknown> }>()
  const revealed = shown?.version === one.version
  const golden = revealed ? shown.golden : one.golden
  async function look() {
    const because = await askWhy(t('reveal_title'), t('reveal_text'), { required: true, ok: t('reveal') })
    if (!because) return
    try {
      setShown({ version: one.version, golden: await reveal(one.master_id, because) })
    } catch (error) {
      say.failed(error)
    }
  }
  return (
    <div className="page stack">
      <PageHead
        crumb={<Link to="/customers">{t('nav.customers', { ns: 'common' })}</Link>}
        title={nameOf(one)}
        text={
          <span className="row">
            {one.code && <span className="chip mono">{one.code}</span>}
            <span>{t('version', { version: one.version })}</span>
            {one.claim && <Tag color="gold">{t('claimed', { owner: one.claim.owner, until: day(one.claim.until) })}</Tag>}
          </span>
        }
        tools={<Acts one={one} golden={golden} revealed={revealed} />}
      />
      {one.merged_into && (
        <Alert type="warning" showIcon title={t('merged_into')} action={<Link to={`/customers/${one.merged_into}`}>{t('survivor')}</Link>} />
      )}
      <Worth id={one.master_id} />
      <div className="cols two">
        <Panel title={t('values')} flush tools={may && !revealed && <Button size="small" icon={<EyeOutlined />} onClick={() => void look()}>{t('reveal')}</Button>}>
          <Values one={one} golden={golden} revealed={revealed} />
        </Panel>
        <div className="stack">
          <Panel title={t('holders')} flush>
            <Table
              size="small"
              pagination={false}
              rowKey={(record) => `${record.system}/${record.native_id}`}
              dataSource={one.records}
              columns={[
                { title: t('system'), dataIndex: 'system', render: (system: string) => <Link to={`/connectors/${system}`}>{system}</Link> },
                { title: t('id'), dataIndex: 'native_id', render: (native: string) => <Link className="mono" to={`/trace/${encodeURIComponent(native)}`}>{native}</Link> },
                { title: t('how'), render: (_, { told, of }) => <span className="quiet small">{told ? t('told') : t('given')}{of && <> · {t('came_with')} <Named id={of} /></>}</span> },
              ]}
            />
          </Panel>
          <Panel title={t('quality')}>
            <Progress percent={one.quality.score} format={(percent) => `${percent}%`} size="small" aria-label={t('quality')} />
            {one.quality.lacks.length > 0 && <p className="quiet small">{t('lacks', { fields: one.quality.lacks.map(nameOfField).join(', ') })}</p>}
          </Panel>
          {(one.parents.length > 0 || one.children.length > 0) && (
            <Panel title={t('hierarchy')}>
              <Hierarchy one={one} />
            </Panel>
          )}
        </div>
      </div>
      <Dealings id={one.master_id} />
      <Panel flush>
        <Tabs
          style={{ padding: '0 18px' }}
          items={[
            { key: 'history', label: t('history'), children: <History id={one.master_id} /> },
            { key: 'messages', label: t('messages'), children: <Messages id={one.master_id} /> },
          ]}
        />
      </Panel>
    </div>
  )
}

function Hierarchy({ one }: { one: Master }) {
  const { t } = useTranslation('customer')
  const row = (label: string, id: string) => (
    <li key={label + id}>
      <span className="quiet">{label}</span>
      <Named id={id} />
    </li>
  )
  return (
    <ul className="plain-list">
      {one.parents.map((parent) => row(t(`above.${parent.kind}`), parent.master_id))}
      {one.children.map((child) => row(t(`below.${child.kind}`), child.master_id))}
    </ul>
  )
}
