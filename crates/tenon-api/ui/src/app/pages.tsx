// Every page of the console, in the order of the menu. A page is a folder of `src/pages` that gives a
// component by default, and a file of texts in each language; it is loaded when it is first opened.
import { lazy, type ComponentType, type LazyExoticComponent, type ReactNode } from 'react'
import { ApiOutlined, BarChartOutlined, BuildOutlined, DashboardOutlined, DiffOutlined, ForkOutlined, PauseCircleOutlined, ReconciliationOutlined, SettingOutlined, ShopOutlined, TeamOutlined, TrophyOutlined, UnorderedListOutlined } from '@ant-design/icons'

export interface Page {
  /** Names it in the menu: the text `nav.<key>`. */
  key: string
  path: string
  group: 'watch' | 'customers' | 'numbers' | 'setup'
  icon?: ReactNode
  component: LazyExoticComponent<ComponentType>
  /** What follows G to go there. */
  letter?: string
  /** Not in the menu, but reached from another page, which is marked instead. */
  under?: string
}

export const GROUPS = ['watch', 'customers', 'numbers', 'setup'] as const

export const PAGES: Page[] = [
  { key: 'overview', path: '/', group: 'watch', letter: 'o', icon: <DashboardOutlined />, component: lazy(() => import('../pages/overview')) },
  { key: 'flow', path: '/flow', group: 'watch', letter: 'f', icon: <ForkOutlined />, component: lazy(() => import('../pages/flow')) },
  { key: 'messages', path: '/messages', group: 'watch', letter: 'm', icon: <UnorderedListOutlined />, component: lazy(() => import('../pages/messages')) },
  { key: 'trace', path: '/trace/:key', group: 'watch', under: 'messages', component: lazy(() => import('../pages/trace')) },
  { key: 'parked', path: '/parked', group: 'watch', letter: 'p', icon: <PauseCircleOutlined />, component: lazy(() => import('../pages/parked')) },
  { key: 'dead_letters', path: '/dead-letters', group: 'watch', letter: 'd', under: 'parked', component: lazy(() => import('../pages/dead_letters')) },
  { key: 'customers', path: '/customers', group: 'customers', letter: 'c', icon: <TeamOutlined />, component: lazy(() => import('../pages/customers')) },
  { key: 'customer', path: '/customers/:id', group: 'customers', under: 'customers', component: lazy(() => import('../pages/customer')) },
  { key: 'reviews', path: '/reviews', group: 'customers', letter: 'u', icon: <DiffOutlined />, component: lazy(() => import('../pages/reviews')) },
  { key: 'items', path: '/items', group: 'customers', letter: 'i', icon: <BuildOutlined />, component: lazy(() => import('../pages/items')) },
  { key: 'reconciliation', path: '/reconciliation', group: 'numbers', letter: 'r', icon: <ReconciliationOutlined />, component: lazy(() => import('../pages/reconciliation')) },
  { key: 'cover', path: '/cover', group: 'numbers', letter: 'k', icon: <ShopOutlined />, component: lazy(() => import('../pages/cover')) },
  { key: 'reports', path: '/reports', group: 'numbers', letter: 't', icon: <BarChartOutlined />, component: lazy(() => import('../pages/reports')) },
  { key: 'grades', path: '/grades', group: 'numbers', letter: 'g', icon: <TrophyOutlined />, component: lazy(() => import('../pages/grades')) },
  { key: 'connectors', path: '/connectors', group: 'setup', letter: 'n', icon: <ApiOutlined />, component: lazy(() => import('../pages/connectors')) },
  { key: 'connector', path: '/connectors/:name', group: 'setup', under: 'connectors', component: lazy(() => import('../pages/connector')) },
  { key: 'settings', path: '/settings', group: 'setup', letter: 's', icon: <SettingOutlined />, component: lazy(() => import('../pages/settings')) },
]
