# What a supplier has confirmed and announced → an update of T_PO: the promise of each line, and the notices.
{
  PO_NO: ($message.target_id // .number),
  LINES: [.lines[] | select(.confirmed_quantity != null or .confirmed_on != null)
    | { LINE_NO: .number, PROMISED_QTY: .confirmed_quantity, PROMISED_DATE: .confirmed_on } | compact],
  NOTICES: [.deliveries[]?
    | { NOTICE_NO: .number, SHIP_DATE: .shipped_on, ETA: .expected_on, CARRIER: .carrier, TRACK_NO: .tracking_number,
        LINES: [.lines[] | { LINE_NO: .order_line, QTY: .quantity, LOT: .lot } | compact] } | compact]
}
| compact
