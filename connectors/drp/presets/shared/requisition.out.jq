# Canonical requisition of a dealer's goods → what the DRP shows the dealer as asked for. LINES is a JSON
# text, so that one row holds it.
{
  REPLENISHMENT_NO: ($message.target_id // .number),
  DEALER_NO: .dealer.native_id,
  STATUS: (.status | ascii_upcase),
  ASKED_AT: .requested_at,
  REASON: .reason,
  LINES: ([.lines[] | { NO: .number, SKU: .item.native_id, QTY: .quantity, UNIT: .unit, NEEDED_ON: .required_on } | compact] | tojson)
}
| compact
