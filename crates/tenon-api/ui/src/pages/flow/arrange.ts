import { Graph, layout } from '@dagrejs/dagre'
import type { Schemas } from '../../api/client'

type System = Schemas['SystemNow']

export const SYSTEM = { width: 190, height: 86 }
export const HUB = { width: 210, height: 190 }

/** Where everything stands: what systems send on the left, the hub, what they are given on the right. */
export function arrange(systems: System[]): Map<string, { x: number; y: number }> {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: 22, ranksep: 250 })
  graph.setDefaultEdgeLabel(() => ({}))
  graph.setNode('hub', { ...HUB })
  for (const system of systems) {
    if (system.receive) {
      graph.setNode(`in:${system.name}`, { ...SYSTEM })
      graph.setEdge(`in:${system.name}`, 'hub')
    }
    if (system.deliver) {
      graph.setNode(`out:${system.name}`, { ...SYSTEM })
      graph.setEdge('hub', `out:${system.name}`)
    }
  }
  layout(graph)
  return new Map(
    graph.nodes().map((id: string) => {
      const node = graph.node(id) as { x: number; y: number; width: number; height: number }
      return [id, { x: node.x - node.width / 2, y: node.y - node.height / 2 }] as const
    }),
  )
}
