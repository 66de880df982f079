import { Alert, Button, Skeleton, Table, Tabs } from 'antd'
import { CheckCircleFilled, CloseCircleFilled } from '@ant-design/icons'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams, useSearchParams } from 'react-router'
import { api, hub, type Schemas } from '../../api/client'
import { Problem } from '../../api/problem'
import { useLive } from '../../live/live'
import { useAskWhy, useSay } from '../../parts/ask'
import { Code } from '../../parts/Code'
import { useFormat } from '../../parts/format'
import { HalfFacts, HalfState, waitingOf } from '../../parts/Half'
import { PageHead, Panel } from '../../parts/PageHead'
import { Trouble } from '../../parts/Trouble'
import { When } from '../../parts/When'
import { useMay } from '../../session/session'
import { Playground } from './Playground'

/** One connector: how it is configured, how it stands, and what its mappings do. */
export default function Connector() {
  const { t } = useTranslation('connectors')
  const { name = '' } = useParams()
  const [params, setParams] = useSearchParams()
  const may = useMay('operate')
  const say = useSay()
  const { duration, number } = useFormat()
  const askWhy = useAskWhy()
  const { now } = useLive()
  const found = hub.useQuery('get', '/api/v1/connectors/{name}', { params: { path: { name } } }, { refetchInterval: 2_000 })
  const [probed, setProbed] = useState<Schemas['Probed']>()
  const [reloaded, setReloaded] = useState<Schemas['Reloaded'] | Problem>()
  const [busy, setBusy] = useState(false)
  if (found.error) return <Trouble error={found.error} again={() => found.refetch()} />
  if (!found.data) return <Skeleton active className="page" />
  const one = found.data
  const path = { path: { name } }
  async function act(what: () => Promise<unknown>) {
    setBusy(true)
    try {
      await what()
      await found.refetch()
    } catch (error) {
      say.failed(error)
    } finally {
      setBusy(false)
    }
  }
  /** What keeps the file from being taken is shown as it is: it says where, and what to do. */
  async function reload() {
    try {
      setReloaded((await api.POST('/api/v1/connectors/{name}/reload', { params: path })).data)
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem
      setReloaded(problem)
    }
  }
  async function pause(half: 'receive' | 'deliver') {
    const because = await askWhy(t('pause_title', { name, half: t(half) }), t('pause_text'), { ok: t('pause') })
    if (because !== null) await act(() => api.POST('/api/v1/connectors/{name}/pause', { params: path, body: { half, because } }))
  }
  const resume = (half: 'receive' | 'deliver') => act(() => api.POST('/api/v1/connectors/{name}/resume', { params: path, body: { half } }))
  /** How half of it stands, and what stops it and lets it go on. */
  const tools = (half: 'receive' | 'deliver', now?: Schemas['Half'] | null) => (
    <>
      {now && <HalfState half={now} />}
      {may &&
        (one.pauses.some((pause) => pause.half === half) ? (
          <Button size="small" type="primary" aria-label={`${t('resume')}: ${t(half)}`} onClick={() => void resume(half)}>{t('resume')}</Button>
        ) : (
          <Button size="small" aria-label={`${t('pause')}: ${t(half)}`} onClick={() => void pause(half)}>{t('pause')}</Button>
        ))}
    </>
  )
  // Who only calls is not asked.
  const asked = one.delivers.length > 0 || one.receives.some(({ how }) => how === 'poll')
  const failing = (['receives', 'delivers'] as const).flatMap((half) =>
    Object.entries(probed?.[half] ?? {}).flatMap(([what, why]) => (why ? [[half === 'receives' ? 'receive' : 'deliver', what, why] as const] : [])),
  )
  const current = now?.systems.find((system) => system.name === name)
  const waiting = waitingOf(current)
  return (
    <div className="page stack">
      <PageHead
        crumb={<Link to="/connectors">{t('nav.connectors', { ns: 'common' })}</Link>}
        title={one.name}
        text={<span className="row"><span className="chip">{one.kind}</span><span>{t('preset', { preset: one.preset })}</span><span className="mono break">{one.file}</span></span>}
        tools={
          may && (
            <>
              {asked && <Button loading={busy} onClick={() => void act(async () => setProbed((await api.POST('/api/v1/connectors/{name}/probe', { params: path })).data))}>{t('probe')}</Button>}
              <Button loading={busy} onClick={() => void act(reload)}>{t('reload')}</Button>
            </>
          )
        }
      />
      {one.pauses.map((pause) => (
        <Alert key={pause.half} type="info" showIcon title={t('paused', { half: t(pause.half), by: pause.by })} description={<>{pause.because} <span className="quiet"><When at={pause.at} /></span></>} />
      ))}
      {one.windows.map((window) => (
        <Alert
          key={window.begins.cron + window.begins.zone}
          type={window.left_ms ? 'warning' : 'info'}
          showIcon
          title={window.left_ms ? t('window_open', { time: duration(window.left_ms) }) : t('window', { time: duration(window.lasts_ms) })}
          description={<Times schedule={window.begins} />}
        />
      ))}
      {probed && (
        <Alert
          closable
          onClose={() => setProbed(undefined)}
          type={failing.length > 0 ? 'error' : 'success'}
          showIcon
          title={failing.length > 0 ? t('probe_failed') : t('probe_well', { ms: probed.took_ms })}
          description={failing.map(([half, what, why]) => <div key={half + what} className="break">{t(half)} {what}: {why}</div>)}
        />
      )}
      {reloaded && <Outcome reloaded={reloaded} close={() => setReloaded(undefined)} />}
      <div className="cols">
        {one.receives.length > 0 && (
          <Panel title={t('receive')} flush tools={tools('receive', current?.receive)}>
            {current?.receive && <div className="half"><HalfFacts half={current.receive} system={name} side="receive" waiting={waiting.receive} failed={current.invalid} /></div>}
            <Table
              size="small"
              pagination={false}
              rowKey="name"
              scroll={{ x: 620 }}
              dataSource={one.receives}
              columns={[
                { title: t('what'), dataIndex: 'entity', render: (entity: string) => t(`entity.${entity}`, { ns: 'common', defaultValue: entity }) },
                { title: t('how'), render: (_, inlet) => <How inlet={inlet} /> },
                { title: t('state'), render: (_, inlet) => <HalfState half={inlet.now} /> },
                { title: t('rate'), align: 'right', render: (_, inlet) => <span className="number">{inlet.now.per_second == null ? '–' : `${number(inlet.now.per_second)}/s`}</span> },
                { title: t('last_success'), render: (_, inlet) => <When at={inlet.now.last_success} /> },
                { title: t('last'), render: (_, inlet) => <When at={inlet.now.last_progress} /> },
              ]}
            />
          </Panel>
        )}
        {one.delivers.length > 0 && (
          <Panel title={t('deliver')} flush tools={tools('deliver', current?.deliver ?? one.deliver)}>
            {one.deliver && <div className="half"><HalfFacts half={current?.deliver ?? one.deliver} system={name} side="deliver" queued={current?.queued} lag={current?.lag_ms} waiting={waiting.deliver} failed={waiting.failed} /></div>}
            <Table
              size="small"
              pagination={false}
              rowKey="entity"
              scroll={{ x: 480 }}
              dataSource={one.delivers}
              columns={[
                { title: t('what'), dataIndex: 'entity', render: (entity: string) => t(`entity.${entity}`, { ns: 'common', defaultValue: entity }) },
                { title: t('needs'), render: (_, outlet) => <span className="mono break">{outlet.require.join(', ') || '–'}</span> },
                { title: t('guarantee'), dataIndex: 'guarantee', render: (guarantee: string) => t(`guarantees.${guarantee}`) },
                { title: t('attempts'), dataIndex: 'attempts', align: 'right', className: 'number' },
              ]}
            />
          </Panel>
        )}
      </div>
      <Panel flush>
        <Tabs
          style={{ padding: '0 18px 18px' }}
          activeKey={params.get('tab') ?? 'mappings'}
          onChange={(tab) => setParams({ ...Object.fromEntries(params), tab }, { replace: true })}
          items={[
            { key: 'mappings', label: t('mappings'), children: <Mappings mappings={one.mappings} /> },
            { key: 'playground', label: t('playground'), children: <Playground system={name} mappings={one.mappings} /> },
            { key: 'file', label: t('file'), children: one.text ? <Code label={t('file')} text={one.text} language="plain" /> : <p className="quiet">{t('no_file')}</p> },
          ]}
        />
      </Panel>
    </div>
  )
}

/** What came of reloading: why the file is not taken, or what each of several nodes does. */
function Outcome({ reloaded, close }: { reloaded: Schemas['Reloaded'] | Problem; close: () => void }) {
  const { t } = useTranslation('connectors')
  if (reloaded instanceof Problem) {
    const title = t(reloaded.code === 'connector.untold' ? 'reload_untold' : 'reload_failed')
    return <Alert closable onClose={close} type="error" showIcon title={title} description={<pre className="break" style={{ whiteSpace: 'pre-wrap', margin: 0 }}>{reloaded.message}</pre>} />
  }
  const { nodes, took_ms } = reloaded
  const behind = nodes.filter((node) => node.outcome !== 'reloaded').length
  return (
    <Alert
      closable
      onClose={close}
      type={behind ? 'warning' : 'success'}
      showIcon
      title={behind ? t('reload_partly', { count: behind, nodes: nodes.length }) : t('reload_well', { ms: took_ms })}
      description={nodes.length > 1 && (
        <ul className="plain-list">
          {nodes.map(({ node, own, outcome, detail }) => (
            <li key={node}>
              <span className="mono">{node}</span> {own && <span className="quiet">{t('reload_own')}</span>} {t(`reload_outcome.${outcome}`)}
              {detail && <pre className="break" style={{ whiteSpace: 'pre-wrap', margin: 0 }}>{detail}</pre>}
            </li>
          ))}
        </ul>
      )}
    />
  )
}

function How({ inlet }: { inlet: Schemas['InletView'] }) {
  const { t } = useTranslation('connectors')
  const { duration } = useFormat()
  if (inlet.how !== 'poll') return <span className="mono break">{inlet.address}</span>
  return (
    <span>
      {t('every', { time: duration(inlet.every_ms ?? 0) })}
      {inlet.schedule && <div className="quiet small"><Times schedule={inlet.schedule} /></div>}
    </span>
  )
}

/** Times that come again, and the next of them. */
function Times({ schedule }: { schedule: Schemas['ScheduleView'] }) {
  const { t } = useTranslation('connectors')
  const { time } = useFormat()
  return <><span className="mono">{schedule.cron}</span> {schedule.zone}{schedule.next && ` · ${t('next', { time: time(schedule.next) })}`}</>
}

function Mappings({ mappings }: { mappings: Schemas['MappingView'][] }) {
  const { t } = useTranslation('connectors')
  return (
    <Table
      size="small"
      pagination={false}
      rowKey={(mapping) => mapping.direction + mapping.entity + mapping.file}
      scroll={{ x: 520 }}
      dataSource={mappings}
      expandable={{
        expandedRowRender: (mapping) => (
          <div className="stack">
            {mapping.cases.length > 0 && (
              <ul className="plain-list small">
                {mapping.cases.map((one, at) => (
                  <li key={at} style={{ alignItems: 'flex-start' }}>
                    {one.failure ? <CloseCircleFilled className="bad" aria-label={t('case_failed')} /> : <CheckCircleFilled className="good" aria-label={t('case_passed')} />}
                    <span>{one.name}{one.failure && <pre className="bad break" style={{ whiteSpace: 'pre-wrap', margin: 0 }}>{one.failure}</pre>}</span>
                  </li>
                ))}
              </ul>
            )}
            <Code label={mapping.file} text={mapping.source} language="plain" />
          </div>
        ),
      }}
      columns={[
        { title: t('what'), dataIndex: 'entity', render: (entity: string) => t(`entity.${entity}`, { ns: 'common', defaultValue: entity }) },
        { title: t('direction'), dataIndex: 'direction', render: (direction: string) => t(`way.${direction}`) },
        { title: t('file'), dataIndex: 'file', render: (file: string) => <span className="mono break">{file}</span> },
        {
          title: t('cases'),
          render: (_, mapping) => {
            const failed = mapping.cases.filter((one) => one.failure).length
            if (!mapping.cases.length) return <span className="quiet">{t('no_cases')}</span>
            return failed ? <span className="bad">{t('cases_failed', { count: failed })}</span> : <span className="good">{t('cases_passed', { count: mapping.cases.length })}</span>
          },
        },
      ]}
    />
  )
}
