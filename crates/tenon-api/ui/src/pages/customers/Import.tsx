import { InboxOutlined } from '@ant-design/icons'
import { Alert, Button, Form, Select, Table, Upload } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api, hub, type Schemas } from '../../api/client'
import { useSay } from '../../parts/ask'
import { useFormat } from '../../parts/format'
import { Figure, Panel } from '../../parts/PageHead'
import { Said } from '../../parts/Said'

const COLUMNS = 'source_system, source_id, name, tax_id, code, phone, email, contact, country, region, city, address, legal_name, short_name, kind, stage, industry, source, owner'

/** What the hub said of the list, before it was brought in or after. */
type Seen = Schemas['ListView'] & Partial<Pick<Schemas['ListPreview'], 'companies' | 'review'> & Pick<Schemas['ListImported'], 'imported'>>

/** A list of customers that somebody kept: looked at first, then brought in. */
export function Import() {
  const { t } = useTranslation('customers')
  const { number } = useFormat()
  const say = useSay()
  const connectors = hub.useQuery('get', '/api/v1/connectors')
  const [file, setFile] = useState<File>()
  const [system, setSystem] = useState<string>()
  const [seen, setSeen] = useState<Seen>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)

  async function ask(bring: boolean, list: File, of?: string) {
    setBusy(true)
    setError(undefined)
    const request = {
      params: { query: { file: list.name, system: of } },
      // A list is no text: it goes as it is.
      body: list as unknown as number[],
      bodySerializer: (body: unknown) => body as BodyInit,
      headers: { 'Content-Type': 'application/octet-stream' },
    }
    try {
      const { data } = bring ? await api.POST('/api/v1/masters/import', request) : await api.POST('/api/v1/masters/import/preview', request)
      setSeen(data)
      if (bring) say.done(t('import.done', { count: (data as Schemas['ListImported']).imported }))
    } catch (failed) {
      setSeen(undefined)
      setError(failed)
    } finally {
      setBusy(false)
    }
  }
  const look = (list: File, of?: string) => {
    setFile(list)
    setSystem(of)
    void ask(false, list, of)
  }
  const fresh = seen ? seen.fit - seen.known : 0
  return (
    <Panel>
      <div className="stack">
        <p className="quiet">{t('import.text')} <span className="break">{COLUMNS}</span></p>
        <Form layout="vertical">
          <Form.Item label={t('import.system')} htmlFor="import-system">
            <Select
              id="import-system"
              allowClear
              style={{ maxWidth: 320 }}
              value={system}
              placeholder={t('import.system_hint')}
              options={connectors.data?.map(({ name }) => ({ value: name }))}
              onChange={(of?: string) => (file ? look(file, of) : setSystem(of))}
            />
          </Form.Item>
          <Upload.Dragger
            accept=".csv,.tsv,.txt,.xlsx"
            maxCount={1}
            disabled={busy}
            fileList={file ? [{ uid: 'list', name: file.name }] : []}
            beforeUpload={(list) => (look(list, system), false)}
            onRemove={() => (setFile(undefined), setSeen(undefined), setError(undefined), true)}
          >
            <p className="ant-upload-drag-icon"><InboxOutlined /></p>
            <p>{t('import.choose')}</p>
          </Upload.Dragger>
        </Form>
        {error !== undefined && <Alert type="error" showIcon title={<Said error={error} />} />}
        {seen && (
          <>
            <div className="figures">
              <Figure label={t('import.fit')} value={number(seen.fit)} />
              <Figure label={t('import.unfit')} value={number(seen.unfit)} tone={seen.unfit ? 'bad' : undefined} />
              <Figure label={t('import.known')} value={number(seen.known)} note={t('import.known_note')} />
              {seen.companies !== undefined && <Figure label={t('import.companies')} value={number(seen.companies)} note={t('import.review', { count: seen.review })} />}
              {seen.imported !== undefined && <Figure label={t('import.imported')} value={number(seen.imported)} tone="good" href={<Link to="/messages?entity=customer">{t('import.follow')}</Link>} />}
            </div>
            {seen.problems.length > 0 && (
              <Table
                size="small"
                rowKey="line"
                dataSource={seen.problems}
                pagination={false}
                scroll={{ y: 320 }}
                columns={[
                  { title: t('import.line'), dataIndex: 'line', width: 90, align: 'right', className: 'number' },
                  { title: t('import.reason'), dataIndex: 'reason', className: 'break' },
                ]}
              />
            )}
            {seen.unfit > seen.problems.length && <p className="quiet">{t('import.more', { count: seen.unfit - seen.problems.length })}</p>}
            {file && seen.imported === undefined && (
              <div>
                <Button type="primary" loading={busy} disabled={fresh === 0} onClick={() => void ask(true, file, system)}>{t('import.bring', { count: fresh })}</Button>
              </div>
            )}
          </>
        )}
      </div>
    </Panel>
  )
}
