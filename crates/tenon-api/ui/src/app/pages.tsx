// Every page of the console, in the order of the menu. A page is a folder of `src/pages` that gives a
// component by default, and a file of texts in each language; it is loaded when it is first opened.
import { lazy, type ComponentType, type LazyExoticComponent, type ReactNode } from 'react'
import { BarChartOutlined, DashboardOutlined, ReconciliationOutlined, TrophyOutlined } from '@ant-design/icons'

export interface Page {
  /** Names it in the menu: the text `nav.<key>`. */
  key: string
  path: string
  group: 'watch' | 'customers' | 'numbers' | 'setup'
  icon?: ReactNode
  component: LazyExoticComponent<ComponentType>
  /** Not in the menu, but reached from another page, which is marked instead. */
  under?: string
}

export const GROUPS = ['watch', 'customers', 'numbers', 'setup'] as const

export const PAGES: Page[] = [
  {
    key: 'overview',
    path: '/',
    group: 'watch',
    icon: <DashboardOutlined />,
    component: lazy(() => import('../pages/overview')),
  },
  {
    key: 'reconciliation',
    path: '/reconciliation',
    group: 'numbers',
    icon: <ReconciliationOutlined />,
    component: lazy(() => import('../pages/reconciliation')),
  },
  {
    key: 'reports',
    path: '/reports',
    group: 'numbers',
    icon: <BarChartOutlined />,
    component: lazy(() => import('../pages/reports')),
  },
  {
    key: 'grades',
    path: '/grades',
    group: 'numbers',
    icon: <TrophyOutlined />,
    component: lazy(() => import('../pages/grades')),
  },
]
