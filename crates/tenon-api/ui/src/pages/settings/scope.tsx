// Which role, and which systems: asked of users and of tokens alike.
import { Form, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { hub } from '../../api/client'
import { ROLES } from '../../session/session'

/** What a form gives of it; nobody chosen means all. */
export interface Scope { role: string; systems?: string[] }

export const systemsOf = (scope: Scope) => (scope.systems?.length ? scope.systems : null)

/** The fields of a form that say what somebody may do, and where. */
export function ScopeFields({ disabled }: { disabled?: boolean }) {
  const { t } = useTranslation('settings')
  const connectors = hub.useQuery('get', '/api/v1/connectors')
  const roles = ROLES.map((role) => ({ value: role as string, label: t(`role.${role}`, { ns: 'common' }), may: t(`may.${role}`) }))
  return (
    <>
      <Form.Item name="role" label={t('role')}>
        <Select disabled={disabled} options={roles} optionRender={({ data }) => <span className="role-option"><b>{data.label}</b><span className="quiet small">{data.may}</span></span>} />
      </Form.Item>
      <Form.Item name="systems" label={t('systems')} extra={t('systems_hint')}>
        <Select mode="multiple" disabled={disabled} placeholder={t('all_systems')} options={(connectors.data ?? []).map(({ name }) => ({ value: name, label: name }))} />
      </Form.Item>
    </>
  )
}

/** The systems that somebody may touch. */
export function Systems({ of }: { of?: string[] | null }) {
  const { t } = useTranslation('settings')
  if (!of) return <span className="quiet">{t('all_systems')}</span>
  return <span className="row" style={{ gap: 4 }}>{of.map((system) => <span key={system} className="chip">{system}</span>)}</span>
}
