import { Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Master } from '../../../api/masters'
import { When } from '../../../parts/When'
import { useFieldName } from '../../../parts/fields'
import { Dialog } from './Dialog'
import { askedOf, isPersonal, PINNABLE, stated } from './schema'
import { ValueInput } from './ValueInput'

/** A field has this value, whatever systems say. `golden` is what is shown: personal values only where they were revealed. */
export function Pin({ one, golden, revealed, field: given, close }: {
  one: Master
  golden: Record<string, unknown>
  revealed: boolean
  /** The field; it is asked for where none is given. */
  field?: string
  close: () => void
}) {
  const { t } = useTranslation('customer')
  const nameOfField = useFieldName()
  const begin = (field?: string) => (field && (revealed || !isPersonal(field)) ? golden[field] ?? undefined : undefined)
  const [field, setField] = useState(given)
  const [value, setValue] = useState<unknown>(begin(given))
  const said = stated(value)
  return (
    <Dialog
      title={given ? t('pin_title', { field: nameOfField(given) }) : t('pin_which')}
      text={t('pin_text')}
      ok={t('pin')}
      act={field && said !== undefined ? { pin: { master: one.master_id, field, value: said } } : undefined}
      close={close}
    >
      {!given && (
        <Select
          autoFocus
          aria-label={t('what')}
          placeholder={t('what')}
          value={field}
          onChange={(chosen: string) => { setField(chosen); setValue(begin(chosen)) }}
          options={PINNABLE.map((value) => ({ value, label: nameOfField(value) }))}
        />
      )}
      {field && !revealed && isPersonal(field) && golden[field] != null && <p className="quiet small">{t('pin_masked')}</p>}
      {field && <ValueInput key={field} asked={askedOf(field)} field={field} value={value} change={setValue} />}
    </Dialog>
  )
}

/** A field has again what survives of what systems say. */
export function Release({ one, field, close }: { one: Master; field: string; close: () => void }) {
  const { t } = useTranslation('customer')
  const nameOfField = useFieldName()
  const pin = one.pins[field]
  return (
    <Dialog title={t('release_title', { field: nameOfField(field) })} text={t('release_text')} ok={t('release')} act={{ release: { master: one.master_id, field } }} close={close}>
      {pin && (
        <dl className="facts">
          <dt>{t('pinned_by')}</dt>
          <dd>{pin.by} <span className="quiet"><When at={pin.at} exact /></span></dd>
          {pin.because && <><dt>{t('pinned_because')}</dt><dd>{pin.because}</dd></>}
        </dl>
      )}
    </Dialog>
  )
}
