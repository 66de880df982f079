import { Alert, Button, Segmented, Skeleton, Switch } from 'antd'
import { EyeOutlined, FileDoneOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, hub, type Schemas } from '../../api/client'
import { useAskWhy } from '../../parts/ask'
import { Code, ordered, pretty, readable } from '../../parts/Code'
import { useCopy } from '../../parts/copy'
import { useFormat } from '../../parts/format'
import { Trouble } from '../../parts/Trouble'
import { useMay } from '../../session/session'
import { mappingCase } from './mappingCase'

type Bodies = { raw: unknown; canonical: unknown; mapped: Schemas['Mapped'][] }

/** What stands for a value that is masked. */
const MASK = '•••'

/** What was in a message at each stage, and what each stage made of the one before. */
export function Stages({ id, entity }: { id: string; entity: string }) {
  const { t } = useTranslation('trace')
  const path = { params: { path: { id } } }
  const masked = hub.useQuery('get', '/api/v1/messages/{id}/bodies', path)
  const may = useMay('reveal')
  const why = useAskWhy()
  const copy = useCopy()
  const { time } = useFormat()
  const [because, setBecause] = useState<string>()
  const revealed = useQuery({
    queryKey: ['revealed', id],
    enabled: because !== undefined,
    // Nothing that was revealed is kept longer than it is looked at.
    gcTime: 0,
    // Each time it is asked stands in the trail: only a person asks.
    staleTime: 'static',
    queryFn: async () => {
      const { raw, raw_base64, ...rest } = (await api.POST('/api/v1/messages/{id}/reveal', { ...path, body: { because: because! } })).data!
      const text = raw ?? raw_base64 ?? null
      return { ...rest, text, raw: parsed(text) }
    },
  })
  const reveal = async () => {
    const said = await why(t('reveal'), t('reveal_why'), { required: true, ok: t('reveal') })
    if (said) setBecause(said)
  }
  const [stage, setStage] = useState('canonical')
  const [compare, setCompare] = useState(false)
  const bodies = masked.data && ({ ...masked.data, ...revealed.data } as Bodies)
  // As it came, each number as it is written; what is masked has been read and written anew.
  const came = revealed.data?.text ?? undefined
  const copyCase = ({ raw, canonical }: Bodies) => {
    const made = mappingCase(entity, came !== undefined && typeof raw !== 'string' ? came : JSON.stringify(raw), JSON.stringify(canonical))
    void copy(made, t(made.includes(MASK) ? 'case_copied_masked' : 'case_copied'))
  }
  const error = masked.error ?? revealed.error
  if (error) return <Trouble error={error} />
  if (!bodies) return <Skeleton active />
  const stages = [
    { value: 'raw', label: t('stage.raw'), body: bodies.raw, before: undefined, said: undefined },
    { value: 'canonical', label: t('stage.canonical'), body: bodies.canonical, before: bodies.raw, said: undefined },
    ...bodies.mapped.flatMap(({ system, payloads, reason, sent }) => {
      const taken = sent && {
        value: `to:${system}`,
        label: t('stage.mapped', { system }),
        body: one(sent.payloads),
        before: bodies.canonical,
        said: t(sent.as_now ? 'taken_as_now' : 'taken', { system, at: time(sent.at) }),
      }
      if (taken && sent.as_now) return [taken]
      const mapped = {
        value: `now:${system}`,
        label: t(taken ? 'stage.now' : 'stage.mapped', { system }),
        body: payloads.length ? one(payloads) : reason,
        before: taken ? taken.body : bodies.canonical,
        said: t(taken ? 'mapped_since' : 'mapped_now'),
      }
      return taken ? [taken, mapped] : [mapped]
    }),
  ]
  const shown = stages.find(({ value }) => value === stage) ?? stages[0]!
  return (
    <div className="stack" style={{ gap: 10 }}>
      <div className="row between">
        <Segmented aria-label={t('stages')} value={shown.value} onChange={setStage} options={stages.map(({ value, label }) => ({ value, label }))} />
        <span className="row">
          {shown.before != null && shown.body != null && (
            <label className="row small">
              <Switch size="small" checked={compare} onChange={setCompare} /> {t('compare')}
            </label>
          )}
          {bodies.raw != null && bodies.canonical != null && (
            <Button
              size="small"
              icon={<FileDoneOutlined />}
              onClick={() => copyCase(bodies)}
            >
              {t('copy_case')}
            </Button>
          )}
          {may && !revealed.data && (
            <Button size="small" icon={<EyeOutlined />} loading={revealed.isFetching} onClick={() => void reveal()}>
              {t('reveal')}
            </Button>
          )}
        </span>
      </div>
      {shown.said && <p className="quiet small">{shown.said}</p>}
      {revealed.data && <Alert type="warning" showIcon title={t('revealed')} />}
      {shown.body == null ? (
        <p className="quiet">{t('forgotten')}</p>
      ) : (
        <Code
          label={shown.label}
          text={compare ? pretty(ordered(shown.body)) : shown.value === 'raw' && came !== undefined ? readable(came) : pretty(shown.body)}
          before={compare && shown.before != null ? pretty(ordered(shown.before)) : undefined}
          language={typeof shown.body === 'string' ? 'plain' : 'json'}
        />
      )}
    </div>
  )
}

/** What is usually one record, without a list around it. */
function one(records: unknown[]): unknown {
  return records.length === 1 ? records[0] : records
}

/** A native record as JSON, or as the text that it is. */
function parsed(raw: string | null): unknown {
  if (raw === null) return null
  try {
    return JSON.parse(raw)
  } catch {
    return raw
  }
}
