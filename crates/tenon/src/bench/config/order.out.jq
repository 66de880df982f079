# A canonical order as one row.
{
  order_no: .number,
  buyer: .customer.ids.shop,
  placed: .order_date,
  currency,
  status,
  lines: (.lines | length),
  net: .totals.net,
  gross: .totals.gross
}
