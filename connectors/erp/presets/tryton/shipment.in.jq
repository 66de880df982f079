# A customer shipment of Tryton → canonical shipment.
def words: if . == null then null else (tostring | blank) end;
[.["outgoing_moves."][] | select(.state != "cancelled")] as $moves
| {
    number: (.number | words),
    customer: ref($message.source; .customer),
    orders: ([$moves[] | .sale | select(. != null)] | unique | [.[] | ref($message.source; .)]),
    status: (.state | lookup("shipment_status")),
    shipped_on: (if .state == "shipped" or .state == "done" then .effective_date else null end),
    expected_on: .planned_date,
    delivered_on: (if .state == "done" then .effective_date else null end),
    warehouse: (.["warehouse."].code | words),
    lines: [
      $moves | to_entries[]
      | .key as $place
      | .value
      | {
          number: ($place + 1),
          item: ref($message.source; .["product."].code),
          quantity: (.quantity | decimal),
          unit: (.["unit."].symbol | words)
        }
    ],
    remark: (.reference | words)
  }
| compact
