import { Alert, Button, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, type Schemas } from '../../api/client'
import { useSay } from '../../parts/ask'
import { Code, pretty } from '../../parts/Code'

/** Tries a mapping over a record. Nothing is stored and nothing is sent. */
export function Playground({ system, mappings }: { system: string; mappings: Schemas['MappingView'][] }) {
  const { t } = useTranslation('connectors')
  const say = useSay()
  const id = (mapping: Schemas['MappingView']) => `${mapping.direction} ${mapping.entity}`
  const [chosen, setChosen] = useState(mappings[0])
  const [source, setSource] = useState(mappings[0]?.source ?? '.')
  const [input, setInput] = useState('{\n  \n}')
  const [tried, setTried] = useState<Schemas['Tried']>()
  const [busy, setBusy] = useState(false)
  async function run() {
    setBusy(true)
    try {
      const { data } = await api.POST('/api/v1/mappings/try', {
        body: { source, input, system, file: chosen?.file, canonical: chosen?.direction === 'in' ? chosen.entity : undefined, message: { source: system } as never },
      })
      setTried(data)
    } catch (error) {
      say.failed(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="stack" onKeyDown={(event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && void run()}>
      <div className="row">
        <Select
          aria-label={t('mapping')}
          style={{ minWidth: 240 }}
          value={chosen && id(chosen)}
          options={mappings.map((mapping) => ({ value: id(mapping), label: `${t(`entity.${mapping.entity}`, { ns: 'common', defaultValue: mapping.entity })} · ${t(`way.${mapping.direction}`)}` }))}
          onChange={(wanted) => {
            const next = mappings.find((mapping) => id(mapping) === wanted)
            setChosen(next)
            setSource(next?.source ?? '.')
            setTried(undefined)
          }}
        />
        <Button type="primary" loading={busy} onClick={() => void run()}>{t('run')} <kbd>Ctrl ↵</kbd></Button>
        <span className="quiet small">{t('playground_text')}</span>
      </div>
      <div className="cols">
        <div><h3 className="label">{t('mapping')}</h3><Code label={t('mapping')} text={source} onChange={setSource} language="plain" height="360px" /></div>
        <div><h3 className="label">{t('record')}</h3><Code label={t('record')} text={input} onChange={setInput} height="360px" /></div>
      </div>
      {tried && (
        <div className="stack" aria-live="polite">
          {tried.problems.map((problem, at) => <Alert key={at} type="error" showIcon title={`${problem.line ?? '–'}:${problem.column ?? '–'} ${problem.message}`} description={problem.help} />)}
          {tried.failure && <Alert type="error" showIcon title={<span className="break">{tried.failure}</span>} />}
          {tried.violations && <Alert type="warning" showIcon title={t('violations')} description={<pre className="break" style={{ whiteSpace: 'pre-wrap', margin: 0 }}>{tried.violations}</pre>} />}
          {tried.skipped && <Alert type="info" showIcon title={t('skipped')} />}
          {tried.output && !tried.violations && <Alert type="success" showIcon title={t('ran', { us: tried.took_us })} />}
          {tried.output && <Code label={t('output')} text={formatted(tried.output)} />}
        </div>
      )}
    </div>
  )
}

/** JSON text on several lines, where no number is changed by it. */
function formatted(text: string): string {
  const value: unknown = JSON.parse(text)
  const again = JSON.stringify(value)
  return again === text ? pretty(value) : text
}
