# Canonical requisition → a record of T_PR with its lines. One that replenishes a dealer names him.
{
  PR_NO: ($message.target_id // .number),
  STATUS: (.status | lookup("requisition_status_out")),
  REQ_BY: .requested_by,
  DEPT: .department,
  REQ_AT: (.requested_at | datetime_out("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai")),
  REASON: .reason,
  ORD_NO: .order.native_id,
  CUST_NO: .dealer.native_id,
  CCY: .currency,
  AMT: .amount,
  LINES: [
    .lines[]
    | {
        LINE_NO: .number,
        ITEM_NO: .item.native_id,
        ITEM_DESC: .description,
        QTY: .quantity,
        UOM: .unit,
        REQ_DATE: .required_on,
        EST_PRICE: .estimated_price,
        SUPP_NO: .supplier.code
      }
    | compact
  ],
  REMARK: .remark
}
| compact
