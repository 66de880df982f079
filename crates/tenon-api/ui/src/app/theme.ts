// How the console looks: one calm palette, light and dark. Every colour of text is at least 4.5 : 1
// against the surfaces that it stands on.
import { theme as ant, type ThemeConfig } from 'antd'
import { useSyncExternalStore } from 'react'

export type Look = 'light' | 'dark'
export type LookChoice = Look | 'system'

const KEPT_AS = 'tenon.look'
const dark = window.matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

export function lookChoice(): LookChoice {
  const kept = localStorage.getItem(KEPT_AS)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

function look(): Look {
  const choice = lookChoice()
  if (choice !== 'system') return choice
  return dark.matches ? 'dark' : 'light'
}

function tell() {
  document.documentElement.dataset.look = look()
  listeners.forEach((listener) => listener())
}

export function chooseLook(choice: LookChoice) {
  if (choice === 'system') localStorage.removeItem(KEPT_AS)
  else localStorage.setItem(KEPT_AS, choice)
  tell()
}

dark.addEventListener('change', tell)
tell()

export function useLook(): Look {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, look)
}

export interface Palette {
  ground: string
  panel: string
  raised: string
  line: string
  text: string
  quiet: string
  accent: string
  accentFill: string
  accentSoft: string
  good: string
  wait: string
  bad: string
  info: string
  idle: string
  series: string[]
}

export const PALETTES: Record<Look, Palette> = {
  light: {
    ground: '#f5f6f5',
    panel: '#ffffff',
    raised: '#ffffff',
    line: '#e2e6e3',
    text: '#18211d',
    quiet: '#55615b',
    accent: '#0c6b58',
    accentFill: '#0c6b58',
    accentSoft: '#e3f1ed',
    good: '#177345',
    wait: '#8a5800',
    bad: '#b82a24',
    info: '#235fa0',
    idle: '#5f6b65',
    series: ['#0c6b58', '#c0772a', '#3b6fb0', '#9a4f86', '#7a8b2f', '#b4503e', '#4f6d7a', '#8b6fc0'],
  },
  dark: {
    ground: '#0e1311',
    panel: '#151c19',
    raised: '#1b2420',
    line: '#29322e',
    text: '#e5ebe8',
    quiet: '#a3afa9',
    accent: '#58c9ac',
    accentFill: '#157a66',
    accentSoft: '#173029',
    good: '#5bc78d',
    wait: '#e2ac48',
    bad: '#f4827a',
    info: '#82b5f0',
    idle: '#96a29c',
    series: ['#58c9ac', '#e0a461', '#82b5f0', '#d58fc0', '#b5c862', '#ee8f7c', '#93b3c1', '#b7a1ea'],
  },
}

/** A colour laid thinly over another. */
function mixed(over: string, under: string, share = 0.09): string {
  const channel = (colour: string, at: number) => parseInt(colour.slice(1 + at * 2, 3 + at * 2), 16)
  const parts = [0, 1, 2].map((at) => Math.round(channel(over, at) * share + channel(under, at) * (1 - share)))
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}

export const SANS =
  'system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", sans-serif'
export const MONO =
  'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace'

export function antTheme(look: Look): ThemeConfig {
  const p = PALETTES[look]
  return {
    algorithm: look === 'dark' ? ant.darkAlgorithm : ant.defaultAlgorithm,
    token: {
      colorPrimary: p.accentFill,
      colorInfo: p.info,
      colorLink: p.accent,
      colorLinkHover: p.accent,
      colorSuccess: p.good,
      colorWarning: p.wait,
      colorError: look === 'dark' ? '#d9534b' : p.bad,
      colorErrorText: p.bad,
      colorInfoBg: mixed(p.info, p.panel), colorInfoBorder: mixed(p.info, p.panel, 0.35),
      colorSuccessBg: mixed(p.good, p.panel), colorSuccessBorder: mixed(p.good, p.panel, 0.35),
      colorWarningBg: mixed(p.wait, p.panel), colorWarningBorder: mixed(p.wait, p.panel, 0.35),
      colorErrorBg: mixed(p.bad, p.panel), colorErrorBorder: mixed(p.bad, p.panel, 0.35),
      colorText: p.text,
      colorTextSecondary: p.quiet,
      colorTextTertiary: p.quiet,
      colorTextDescription: p.quiet,
      colorTextPlaceholder: p.idle,
      colorTextDisabled: p.idle,
      colorBgLayout: p.ground,
      colorBgContainer: p.panel,
      colorBgElevated: p.raised,
      colorBorder: look === 'dark' ? '#3a4640' : '#cfd6d2',
      colorBorderSecondary: p.line,
      colorSplit: p.line,
      borderRadius: 7,
      borderRadiusLG: 10,
      fontFamily: SANS,
      fontFamilyCode: MONO,
      fontSize: 14,
      wireframe: false,
    },
    components: {
      Table: {
        headerBg: 'transparent',
        headerColor: p.quiet,
        headerSplitColor: 'transparent',
        headerSortActiveBg: 'transparent',
        headerSortHoverBg: p.ground,
        bodySortBg: 'transparent',
        rowSelectedBg: p.accentSoft,
        rowSelectedHoverBg: p.accentSoft,
        rowHoverBg: look === 'dark' ? '#1b2521' : '#f4f8f6',
        cellPaddingBlockSM: 9,
      },
      Menu: {
        itemBg: 'transparent',
        itemSelectedBg: p.accentSoft,
        itemSelectedColor: p.accent,
        itemHeight: 36,
        itemMarginInline: 8,
        groupTitleColor: p.quiet,
      },
      Tabs: { itemSelectedColor: p.accent, itemHoverColor: p.accent, itemActiveColor: p.accent, inkBarColor: p.accent },
      Button: { primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none' },
      Segmented: { itemSelectedColor: p.text, itemColor: p.quiet, trackBg: look === 'dark' ? '#222c28' : '#e7ebe8' },
      Tag: { defaultBg: look === 'dark' ? '#24302b' : '#eef1ef', defaultColor: p.text },
    },
  }
}
