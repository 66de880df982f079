import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { hub } from '../../api/client'
import { State } from '../../parts/State'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'

/** The messages about a customer. */
export function Messages({ id }: { id: string }) {
  const { t } = useTranslation('customer')
  const found = hub.useQuery('get', '/api/v1/trace/{key}', { params: { path: { key: id } } })
  if (found.error) return <Trouble error={found.error} />
  return (
    <>
      <Table
        size="small"
        rowKey="id"
        loading={found.isPending}
        scroll={{ x: 720 }}
        pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
        dataSource={found.data?.items ?? []}
        columns={[
          { title: t('when'), dataIndex: 'journaled_at', width: 170, render: (at: string) => <When at={at} exact /> },
          { title: t('what'), dataIndex: 'entity', render: (entity: string) => t(`entity.${entity}`, { ns: 'common', defaultValue: entity }) },
          { title: t('id'), render: (_, message) => <Link className="mono" to={`/trace/${message.id}`}>{message.business_key ?? message.native_id ?? message.id}</Link> },
          { title: t('way'), render: (_, message) => `${message.source} → ${message.targets.join(', ') || '–'}` },
          { title: t('state'), dataIndex: 'state', render: (state: string) => <State state={state} /> },
        ]}
      />
      {found.data?.next != null && <p className="more"><Link to={`/trace/${id}`}>{t('older_messages')}</Link></p>}
    </>
  )
}
