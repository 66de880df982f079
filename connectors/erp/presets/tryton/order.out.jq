# Canonical order → what the steps write into a sale. Tryton keeps four places of a price.
{
  reference: .number,
  party: (.customer.native_id | tonumber),
  date: .order_date,
  currency: .currency,
  comment: .remark,
  net: .totals.net,
  lines: [
    .lines[]
    | { product: .item.native_id, quantity: .quantity, unit_price: .unit_price, description: .description }
  ]
}
