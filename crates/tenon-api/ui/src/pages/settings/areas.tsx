// To which areas a token is narrowed, and whether it may write there: `insight:read`, `masters:write`.
import { Checkbox } from 'antd'
import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'

type How = 'read' | 'write'

/** Areas with what may be done there, in the order in which the hub names its scopes. */
function byArea(scopes: string[]): [string, How[]][] {
  const areas = new Map<string, How[]>()
  for (const scope of scopes) {
    const [area, how] = scope.split(':') as [string, How]
    areas.set(area, [...(areas.get(area) ?? []), how])
  }
  return [...areas]
}

/** Asks for areas; none chosen means all that the role may. Who may write somewhere may read there. */
export function AreaFields({ all, value = [], onChange, id }: { all: string[]; value?: string[]; onChange?: (scopes: string[]) => void; id?: string }) {
  const { t } = useTranslation('settings')
  const set = (area: string, how: How, on: boolean) => {
    const others = value.filter((scope) => scope !== `${area}:read` && scope !== `${area}:write`)
    onChange?.(on ? [...others, `${area}:${how}`] : how === 'write' ? [...others, `${area}:read`] : others)
  }
  return (
    <div id={id} role="group" aria-label={t('scopes')} className="areas">
      {byArea(all).map(([area, hows]) => {
        const name = t(`area.${area}`, { defaultValue: area })
        const writes = value.includes(`${area}:write`)
        const box = (how: How, checked: boolean, disabled = false) =>
          hows.includes(how) && <Checkbox checked={checked} disabled={disabled} aria-label={t(`${how}_area`, { area: name })} onChange={({ target }) => set(area, how, target.checked)}>{t(how)}</Checkbox>
        return (
          <Fragment key={area}>
            <span>{name} <span className="quiet mono small">{area}</span></span>
            <span>{box('read', writes || value.includes(`${area}:read`), writes)}</span>
            <span>{box('write', writes)}</span>
          </Fragment>
        )
      })}
    </div>
  )
}

/** The scopes that a token has. */
export function Areas({ of }: { of?: string[] | null }) {
  const { t } = useTranslation('settings')
  if (!of) return <span className="quiet">{t('all_scopes')}</span>
  return <span className="row" style={{ gap: 4, flexWrap: 'wrap' }}>{of.map((scope) => <span key={scope} className="chip mono">{scope}</span>)}</span>
}
