# Canonical order → a sales order. By the customer's own number (po_no) it is found again.
{
  customer: .customer.native_id,
  po_no: .number,
  transaction_date: .order_date,
  delivery_date: (.requested_date // .order_date),
  currency: .currency,
  items: [.lines[] | { item_code: .item.native_id, description: .description, qty: (.quantity | number), rate: (.unit_price | number) } | compact]
}
| compact
