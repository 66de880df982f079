# Canonical shipment → what is on its way to a dealer. LINES is a JSON text, so that one row holds it.
{
  SHIPMENT_NO: ($message.target_id // .number),
  DEALER_NO: .customer.native_id,
  ORDERS: ([.orders[]?.native_id | select(. != null)] | join(";")),
  STATUS: (.status | ascii_upcase),
  SHIPPED_ON: .shipped_on,
  EXPECTED_ON: .expected_on,
  CARRIER: .carrier,
  TRACKING_NO: .tracking_number,
  LINES: ([.lines[] | { NO: .number, SKU: .item.native_id, QTY: .quantity, UNIT: .unit } | compact] | tojson)
}
| compact
