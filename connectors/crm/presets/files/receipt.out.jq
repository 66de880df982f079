# Canonical receipt → what the seller sees of the money.
{
  "收款单号": ($message.target_id // .number),
  "客户编号": .customer.native_id,
  "收款日期": .received_on,
  "币种": .currency,
  "金额": .amount,
  "核销发票": ([.allocations[]?.invoice.native_id | select(. != null)] | join(";") | blank),
  "状态": (.status | lookup("receipt_status_out"))
}
| compact
