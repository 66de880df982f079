# Canonical order → what the steps write into a sales order.
{
  reference: .number,
  partner: (.customer.native_id | tonumber),
  date: .order_date,
  lines: [.lines[] | { product: .item.native_id, quantity: .quantity, unit_price: .unit_price, description: .description }]
}
