# Canonical purchase order → an order on the portal.
{
  PO_NO: ($message.target_id // .number),
  SUPPLIER_NO: .supplier.code,
  STATE: (.status | ascii_upcase),
  ORDERED_ON: .order_date,
  SHIP_TO: .warehouse,
  CURRENCY: .currency,
  LINES: ([.lines[] | { NO: .number, PART_NO: .item.native_id, TEXT: .description, QTY: .quantity, UNIT: .unit, PRICE: .unit_price, WANTED_ON: .required_on } | compact] | tojson)
}
| compact
