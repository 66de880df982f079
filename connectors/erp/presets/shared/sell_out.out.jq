# Canonical sell-out → a record of T_SELL_OUT. A later report of the same number takes the place of the
# earlier one; REPORTED tells which is which.
{
  REPORT_NO: ($message.target_id // .number),
  CUST_NO: .dealer.native_id,
  FROM_DATE: .from,
  TO_DATE: .to,
  FINAL: (if .status == "final" then "Y" else "N" end),
  REPORTED: (.reported_at | datetime_out("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai")),
  CCY: .currency,
  LINES: [.lines[] | { LINE_NO: .number, ITEM_NO: .item.native_id, OUTLET: .outlet, QTY: .quantity, UOM: .unit, PRICE: .unit_price } | compact],
  REMARK: .remark
}
| compact
