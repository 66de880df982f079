# Canonical invoice that was issued or made void → what the seller sees of it.
{
  "开票单号": ($message.target_id // .number),
  "发票号码": .fiscal_number,
  "客户编号": .customer.native_id,
  "类型": (.kind | lookup("invoice_kind_out")),
  "状态": (.status | lookup("invoice_status_out")),
  "原发票号码": .corrects,
  "开票日期": .issue_date,
  "币种": .currency,
  "价税合计": .totals.gross
}
| compact
