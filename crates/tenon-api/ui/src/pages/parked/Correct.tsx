import { Alert, Button, Input, Skeleton } from 'antd'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, type Schemas } from '../../api/client'
import { useSay } from '../../parts/ask'
import { Code, pretty } from '../../parts/Code'
import { Said } from '../../parts/Said'
import { Trouble } from '../../parts/Trouble'

/** Writes another body for a message that waits. It is used when a second person approves it. */
export function Correct({ one, done }: { one: Schemas['ParkedDetail']; done: () => void }) {
  const { t } = useTranslation('parked')
  const say = useSay()
  const queries = useQueryClient()
  const [written, setWritten] = useState<string>()
  const [because, setBecause] = useState('')
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<unknown>()
  // Whoever corrects has to see the values; that he looks stands in the audit trail.
  const body = useQuery({
    queryKey: ['revealed', 'parked', one.id],
    gcTime: 0,
    staleTime: 'static',
    queryFn: async () => {
      const { data } = await api.POST('/api/v1/parked/{id}/reveal', { params: { path: { id: one.id } }, body: { because: t('correct') } })
      const text = data!.body ?? ''
      return one.direction === 'inbound' || unreadable(text) ? text : pretty(JSON.parse(text))
    },
  })
  if (body.error) return <Trouble error={body.error} />
  if (body.data === undefined) return <Skeleton active />
  const text = written ?? body.data
  const wrong = unreadable(text)
  async function propose() {
    setBusy(true)
    setRefused(undefined)
    try {
      await api.POST('/api/v1/parked/{id}/corrections', {
        params: { path: { id: one.id } },
        body: { body: text as never, because },
        // The body goes as it is written, so that no number is changed on its way.
        bodySerializer: () => `{"body":${text},"because":${JSON.stringify(because)}}`,
      })
      say.done(t('proposed'))
      done()
      await queries.invalidateQueries()
    } catch (error) {
      setRefused(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="stack">
      <Alert type="info" showIcon title={t('correct_text')} />
      <Code label={t('body')} text={text} onChange={setWritten} height="46vh" />
      {wrong ? <Alert type="error" showIcon title={<span className="break">{wrong}</span>} /> : Boolean(refused) && <Alert type="error" showIcon title={<Said error={refused} />} />}
      <Input.TextArea rows={2} maxLength={500} aria-label={t('why', { ns: 'common' })} placeholder={t('why', { ns: 'common' })} value={because} onChange={(event) => setBecause(event.target.value)} />
      <div className="row">
        <Button type="primary" loading={busy} disabled={Boolean(wrong) || !because.trim() || text === body.data} onClick={() => void propose()}>{t('propose')}</Button>
        <Button onClick={done}>{t('act.cancel', { ns: 'common' })}</Button>
      </div>
    </div>
  )
}

/** Why a text is no JSON; nothing if it is. */
function unreadable(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
