import { Drawer, Skeleton } from 'antd'
import { ReactFlow, ReactFlowProvider, type Edge, type Node } from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import { useMemo, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { useLook } from '../../app/theme'
import { OldNews } from '../../live/LivePulse'
import { useLive, type Snapshot } from '../../live/live'
import { useFormat } from '../../parts/format'
import { waitingOf } from '../../parts/Half'
import { PageHead } from '../../parts/PageHead'
import { Sparkline } from '../../parts/Sparkline'
import { arrange } from './arrange'
import { FlowEdge, type FlowData } from './FlowEdge'
import { HubNode, SystemNode, type HubData, type SystemData } from './nodes'
import { SystemList } from './SystemList'
import { SystemPanel } from './SystemPanel'
import './flow.css'

const nodeTypes = { system: SystemNode, hub: HubNode }
const edgeTypes = { flow: FlowEdge }

const NARROW = window.matchMedia('(max-width: 700px)')
function watchWidth(changed: () => void) {
  NARROW.addEventListener('change', changed)
  return () => NARROW.removeEventListener('change', changed)
}

/** The systems and the hub as they are right now. */
export default function Flow() {
  const { t } = useTranslation('flow')
  const { now, past } = useLive()
  const { number } = useFormat()
  const [params, setParams] = useSearchParams()
  const chosen = params.get('system')
  const choose = (name?: string) => setParams(name ? { system: name } : {}, { replace: true })
  const narrow = useSyncExternalStore(watchWidth, () => NARROW.matches)
  const system = now?.systems.find((one) => one.name === chosen)
  return (
    <div className="page wide flow-page">
      <PageHead
        title={t('title')}
        text={t('text')}
        tools={
          now && (
            <div className="flow-rates">
              <span>
                <span className="quiet small">{t('in')}</span> <b className="number">{number(now.received_per_second)}</b>
                <span className="quiet small">/s</span>
              </span>
              <Sparkline values={past.map((moment) => moment.received_per_second)} />
              <span>
                <span className="quiet small">{t('out')}</span> <b className="number">{number(now.delivered_per_second)}</b>
                <span className="quiet small">/s</span>
              </span>
              <Sparkline values={past.map((moment) => moment.delivered_per_second)} tone="info" />
            </div>
          )
        }
      />
      <OldNews />
      {now && narrow ? (
        <SystemList systems={now.systems} choose={choose} />
      ) : now ? (
        <ReactFlowProvider>
          <Graph now={now} choose={choose} />
        </ReactFlowProvider>
      ) : (
        <Skeleton active paragraph={{ rows: 10 }} />
      )}
      {now && !narrow && <Legend />}
      <Drawer open={Boolean(system)} onClose={() => choose()} title={system?.name} size={420}>
        {system && <SystemPanel system={system} past={past} />}
      </Drawer>
    </div>
  )
}

function Graph({ now, choose }: { now: Snapshot; choose: (system: string) => void }) {
  const { t } = useTranslation('flow')
  const look = useLook()
  // Where things stand depends on which systems there are, not on what flows.
  const names = now.systems.map((system) => `${system.name}:${Boolean(system.receive)}:${Boolean(system.deliver)}`).join()
  const places = useMemo(() => arrange(now.systems), [names])
  const nodes: Node[] = [
    {
      id: 'hub',
      type: 'hub',
      position: places.get('hub')!,
      data: { now } satisfies HubData,
      draggable: false,
      ariaLabel: t('hub'),
    },
    ...now.systems.flatMap((system) => {
      const side = places.get(`in:${system.name}`) ? (['in', 'out'] as const) : (['out'] as const)
      return side
        .filter((one) => places.get(`${one}:${system.name}`))
        .map((one) => ({
          id: `${one}:${system.name}`,
          type: 'system',
          position: places.get(`${one}:${system.name}`)!,
          data: { system, side: one } satisfies SystemData,
          draggable: false,
          ariaLabel: system.name,
        }))
    }),
  ]
  const edges: Edge[] = now.systems.flatMap((system) => [
    ...(system.receive
      ? [{ id: `r:${system.name}`, type: 'flow', source: `in:${system.name}`, target: 'hub', focusable: false, data: { system: system.name, side: 'receive', half: system.receive, failed: system.invalid } satisfies FlowData }]
      : []),
    ...(system.deliver
      ? [
          {
            id: `d:${system.name}`,
            type: 'flow',
            source: 'hub',
            target: `out:${system.name}`,
            focusable: false,
            data: { system: system.name, side: 'deliver', half: system.deliver, queued: system.queued, failed: waitingOf(system).failed ?? 0, lag: system.lag_ms } satisfies FlowData,
          },
        ]
      : []),
  ])
  return (
    <div className="flow-canvas">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        colorMode={look}
        fitView
        fitViewOptions={{ padding: 0.06, maxZoom: 1.15 }}
        minZoom={0.3}
        nodesConnectable={false}
        nodesDraggable={false}
        elementsSelectable
        zoomOnScroll={false}
        preventScrolling={false}
        onNodeClick={(_, node) => node.type === 'system' && choose((node.data as SystemData).system.name)}
        onSelectionChange={({ nodes: [node] }) => node?.type === 'system' && choose((node.data as SystemData).system.name)}
      />
    </div>
  )
}

function Legend() {
  const { t } = useTranslation('flow')
  return (
    <p className="flow-legend quiet small">
      <span><i className="line good" /> {t('legend.flowing')}</span>
      <span><i className="line idle" /> {t('legend.idle')}</span>
      <span><i className="line wait" /> {t('legend.parked')}</span>
      <span><i className="line info" /> {t('legend.paused')}</span>
      <span><i className="line bad" /> {t('legend.failed')}</span>
      <span>{t('legend.click')}</span>
    </p>
  )
}
