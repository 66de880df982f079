# Canonical order → T_ORD and T_ORD_LINE, as this company's ERP wants them.
#
# Beside the preset's mapping: dates without hyphens, and each line's gross amount, computed exactly.
{
  ORD_NO: ($message.target_id // .number),
  CUST_NO: .customer.native_id,
  CHANNEL_NO: .channel.native_id,
  CONTRACT_NO: .contract_number,
  ORD_DATE: (.order_date | date_out("%Y%m%d")),
  REQ_DATE: (.requested_date | date_out("%Y%m%d")),
  CCY: .currency,
  NET_AMT: .totals.net,
  TAX_AMT: .totals.tax,
  GROSS_AMT: .totals.gross,
  STATUS: (.status | lookup("order_status_out")),
  SALESMAN: .owner,
  REMARK: .remark,
  LINES: [
    .lines[]
    | (.tax_rate // "0") as $rate
    | {
        LINE_NO: .number,
        ITEM_NO: .item.native_id,
        ITEM_DESC: .description,
        QTY: .quantity,
        UOM: .unit,
        PRICE: .unit_price,
        TAX_RATE: $rate,
        AMT: .amount,
        GROSS: (.amount | decimal_mul("1" | decimal_add($rate); 2))
      }
  ]
}
| compact
