import { Alert, Button, Progress, Typography } from 'antd'
import { SafetyCertificateOutlined } from '@ant-design/icons'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, hub, type Schemas } from '../../api/client'
import { useSay } from '../../parts/ask'
import { useFormat } from '../../parts/format'

type Check = Schemas['TrailCheckView']

/** Checks that the trail is as it was written: from its beginning in steps, however long it is. */
export function Chain() {
  const { t } = useTranslation('settings')
  const { number } = useFormat()
  const say = useSay()
  const [done, setDone] = useState<number>()
  const [result, setResult] = useState<Check>()
  const stopped = useRef(false)
  const newest = hub.useQuery('get', '/api/v1/audit', { params: { query: { limit: 1 } } }, { enabled: done !== undefined })
  const all = (newest.data?.items[0] as { position?: number } | undefined)?.position
  async function check() {
    stopped.current = false
    setResult(undefined)
    let checked = 0
    let after: string | undefined
    try {
      for (;;) {
        setDone(checked)
        const { data } = await api.GET('/api/v1/audit/check', { params: { query: { limit: 50_000, after } } })
        checked += data!.entries
        after = data!.head
        if (stopped.current) return
        if (!data!.more || data!.broken) return setResult({ ...data!, entries: checked })
      }
    } catch (error) {
      say.failed(error)
    } finally {
      setDone(undefined)
    }
  }
  if (done !== undefined) {
    return (
      <div className="row" role="status" style={{ flex: '1 1 300px', maxWidth: 560 }}>
        <span className="nowrap">{t('checking', { number: number(done) })}</span>
        <Progress style={{ flex: 1, minWidth: 100 }} percent={all ? Math.min(99, Math.floor((done / all) * 100)) : 0} status="active" aria-label={t('checking', { number: number(done) })} />
        <Button size="small" onClick={() => (stopped.current = true)}>{t('act.cancel', { ns: 'common' })}</Button>
      </div>
    )
  }
  if (!result) return <Button icon={<SafetyCertificateOutlined />} onClick={() => void check()}>{t('check_trail')}</Button>
  const { broken } = result
  return (
    <Alert
      style={{ flex: '1 1 420px', maxWidth: 860 }}
      type={broken ? 'error' : 'success'}
      showIcon
      closable={{ onClose: () => setResult(undefined), 'aria-label': t('act.close', { ns: 'common' }) }}
      title={broken ? t('trail_broken', { position: number(broken.position) }) : t('trail_sound', { count: result.entries, number: number(result.entries) })}
      description={broken ? broken.reason : <span className="two-lines"><span>{t('head_keep')}</span><Typography.Text copyable className="mono break">{result.head}</Typography.Text></span>}
    />
  )
}
