import { Button, Input, InputNumber, Select } from 'antd'
import { DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import { useFieldName, useWord } from '../../../parts/fields'
import type { Asked } from './schema'

type Fields = Record<string, unknown>

/** Asks for a value of a field, of the kind that its schema has. */
export function ValueInput({ asked, field, value, change }: { asked: Asked; field: string; value: unknown; change: (value: unknown) => void }) {
  const { t } = useTranslation('customer')
  const nameOfField = useFieldName()
  const word = useWord()
  const label = nameOfField(field)
  switch (asked.kind) {
    case 'choice':
      return <Select style={{ width: '100%' }} aria-label={label} allowClear value={(value as string) ?? undefined} onChange={change} options={asked.choices.map((choice) => ({ value: choice, label: word(field, choice) }))} />
    case 'number':
      return <InputNumber style={{ width: '100%' }} aria-label={label} min={asked.min} max={asked.max} precision={0} value={(value as number) ?? null} onChange={change} />
    case 'text':
      return <Input aria-label={label} maxLength={asked.longest} placeholder={asked.example} value={(value as string) ?? ''} onChange={(event) => change(event.target.value)} />
    case 'texts':
      return <Select mode="tags" style={{ width: '100%' }} open={false} suffixIcon={null} aria-label={label} placeholder={t('texts_hint')} tokenSeparators={[',', '，', ';', '；']} value={(value as string[]) ?? []} onChange={change} />
    case 'record': {
      const record = (value as Fields) ?? {}
      return (
        <div className="record-fields">
          {asked.fields.map(([name, part]) => (
            <label key={name} className="asked">
              <span>{nameOfField(name)}{asked.required.includes(name) && <b className="bad" aria-hidden="true"> *</b>}</span>
              <ValueInput asked={part} field={name} value={record[name]} change={(next) => change({ ...record, [name]: next })} />
            </label>
          ))}
        </div>
      )
    }
    case 'records': {
      const records = (value as Fields[]) ?? []
      const put = (at: number, next: unknown) => change(records.map((record, index) => (index === at ? (next as Fields) : record)))
      return (
        <div className="stack" style={{ gap: 10 }}>
          {records.map((record, at) => (
            <fieldset key={at} className="record">
              <legend>{label} {at + 1}</legend>
              <ValueInput asked={asked.of} field={field} value={record} change={(next) => put(at, next)} />
              <Button size="small" type="text" icon={<DeleteOutlined />} aria-label={t('remove', { what: `${label} ${at + 1}` })} onClick={() => change(records.filter((_, index) => index !== at))} />
            </fieldset>
          ))}
          <Button icon={<PlusOutlined />} onClick={() => change([...records, {}])}>{t('add', { what: label })}</Button>
        </div>
      )
    }
  }
}
