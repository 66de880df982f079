# Canonical bom → what a subcontractor makes a part of. LINES is a JSON text, so that one row holds it.
{
  BOM_NO: ($message.target_id // .number),
  PART_NO: .item.native_id,
  REV: .revision,
  STATE: (.status | ascii_upcase),
  EFF_FROM: .effective_from,
  EFF_TO: .effective_to,
  BASE_QTY: .quantity,
  LINES: ([.components[] | { POS: .position, PART_NO: .item.native_id, QTY: .quantity, UNIT: .unit } | compact] | tojson)
}
| compact
