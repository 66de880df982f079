# Canonical order → a row of T_ORD with its rows of T_ORD_LINE.
#
# Customers and items stand under the ERP's own numbers; the hub waits until it knows them.
{
  ORD_NO: ($message.target_id // .number),
  CUST_NO: .customer.native_id,
  CHANNEL_NO: .channel.native_id,
  CONTRACT_NO: .contract_number,
  ORD_DATE: .order_date,
  REQ_DATE: .requested_date,
  CCY: .currency,
  NET_AMT: .totals.net,
  TAX_AMT: .totals.tax,
  GROSS_AMT: .totals.gross,
  STATUS: (.status | lookup("order_status_out")),
  SALESMAN: .owner,
  REMARK: .remark,
  LINES: [
    .lines[]
    | {
        LINE_NO: .number,
        ITEM_NO: .item.native_id,
        ITEM_DESC: .description,
        QTY: .quantity,
        UOM: .unit,
        PRICE: .unit_price,
        TAX_RATE: .tax_rate,
        AMT: .amount
      }
  ]
}
| compact
