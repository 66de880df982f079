# Canonical invoice that was issued or made void → a record of T_INV, by the number of its request.
{
  REQ_NO: ($message.target_id // .number),
  FISCAL_NO: .fiscal_number,
  CUST_NO: .customer.native_id,
  TITLE: .title.legal_name,
  INV_TYPE: (.kind | lookup("invoice_kind_out")),
  STATUS: (.status | lookup("invoice_status_out")),
  CORRECTS_NO: .corrects,
  INV_DATE: .issue_date,
  CCY: .currency,
  NET_AMT: .totals.net,
  TAX_AMT: .totals.tax,
  GROSS_AMT: .totals.gross
}
| compact
