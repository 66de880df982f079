import { Button, Grid, Table, Tooltip } from 'antd'
import { PushpinFilled, PushpinOutlined } from '@ant-design/icons'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Master } from '../../api/masters'
import { useMay } from '../../session/session'
import { Pin, Release } from './acts/Pin'
import { PINNABLE } from './acts/schema'
import { useFieldName, useShown } from '../../parts/fields'

interface Row {
  field: string
  /** Where its provenance stands: a field, or an element of a list. */
  place: string
  value: string
  /** How many rows its field has, in the first of them. */
  rows: number
}

/** The values of a golden record, the elements of a list each for itself. */
function rowsOf(golden: Record<string, unknown>, shownOf: (field: string, value: unknown) => string): Row[] {
  return Object.entries(golden).flatMap(([field, value]) => {
    const elements = Array.isArray(value) ? value : [value]
    const shown = elements.map((element, at) => ({ field, place: Array.isArray(value) ? `${field}/${at}` : field, value: shownOf(field, element) })).filter((row) => row.value)
    return shown.map((row, at) => ({ ...row, rows: at === 0 ? shown.length : 0 }))
  })
}

/** What is known of a customer, who said it, and what a person has set. */
export function Values({ one, golden, revealed }: { one: Master; golden: Record<string, unknown>; revealed: boolean }) {
  const { t } = useTranslation('customer')
  const nameOfField = useFieldName()
  const shownOf = useShown()
  // Where there is little room, who said a value stands below it.
  const wide = Grid.useBreakpoint().lg
  const may = useMay('decide') && !one.merged_into
  const [asking, setAsking] = useState<{ field: string; what: 'pin' | 'release' }>()
  const close = () => setAsking(undefined)
  const whole = (row: Row) => ({ rowSpan: row.rows })
  const pinOf = (field: string) => {
    const pin = one.pins[field]
    if (pin) {
      const title = [t('pinned', { by: pin.by }), pin.because].filter(Boolean).join(': ')
      return may ? (
        <Tooltip title={title}>
          <Button size="small" type="text" className="wait" icon={<PushpinFilled />} aria-label={t('release_title', { field: nameOfField(field) })} onClick={() => setAsking({ field, what: 'release' })} />
        </Tooltip>
      ) : <Tooltip title={title}><PushpinFilled className="wait" aria-label={title} /></Tooltip>
    }
    if (!may || !PINNABLE.includes(field)) return null
    return <Button size="small" type="text" icon={<PushpinOutlined />} aria-label={t('pin_title', { field: nameOfField(field) })} title={t('pin')} onClick={() => setAsking({ field, what: 'pin' })} />
  }
  const from = (row: Row) => {
    const by = one.provenance[row.place] ?? one.provenance[row.field]
    if (!by) return null
    if (one.pins[row.field]) return <span className="small">{t('pinned', { by: one.pins[row.field]!.by })}</span>
    return <Link className="small quiet" to={`/trace/${encodeURIComponent(by.native_id)}`}>{by.system} <span className="mono">{by.native_id}</span></Link>
  }
  return (
    <>
      <Table<Row>
        size="small"
        pagination={false}
        rowKey="place"
        className="values"
        scroll={{ x: wide ? 480 : undefined }}
        dataSource={rowsOf(golden, shownOf)}
        columns={[
          { title: t('what'), width: wide ? 140 : 96, onCell: whole, render: (_, row) => <span className="quiet">{nameOfField(row.field)}</span> },
          { title: t('value'), className: 'said', render: (_, row) => <><span className="break">{row.value}</span>{!wide && <div>{from(row)}</div>}</> },
          ...(wide ? [{ title: t('from'), width: 170, render: (_: unknown, row: Row) => from(row) }] : []),
          { key: 'pin', width: 50, align: 'right', onCell: whole, render: (_, row) => pinOf(row.field) },
        ]}
      />
      {asking?.what === 'pin' && <Pin one={one} golden={golden} revealed={revealed} field={asking.field} close={close} />}
      {asking?.what === 'release' && <Release one={one} field={asking.field} close={close} />}
    </>
  )
}
