# Canonical supply plan → a plan on the portal.
{
  PLAN_NO: ($message.target_id // .number),
  SUPPLIER_NO: .supplier.code,
  BINDING: (.kind == "schedule"),
  REV: .revision,
  LINES: ([.lines[] | { NO: .number, PART_NO: .item.native_id, FROM: .from, TO: .to, QTY: .quantity, UNIT: .unit } | compact] | tojson)
}
| compact
