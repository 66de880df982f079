# What a supplier answered to a plan → the promises of T_PLAN.
{
  PLAN_NO: ($message.target_id // .number),
  ANSWERED: (.answered_at | if . == null then null else datetime_out("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end),
  LINES: [.lines[] | { LINE_NO: .number, PROMISED_QTY: .confirmed_quantity, REMARK: .remark } | compact]
}
| compact
