# Canonical order → a sales order. The number under which the customer knows it finds it again.
{
  CardCode: .customer.native_id,
  NumAtCard: .number,
  DocDate: .order_date,
  DocDueDate: (.requested_date // .order_date),
  DocCurrency: .currency,
  Comments: .remark,
  DocumentLines: [.lines[] | { ItemCode: .item.native_id, ItemDescription: .description, Quantity: .quantity, UnitPrice: .unit_price } | compact]
}
| compact
