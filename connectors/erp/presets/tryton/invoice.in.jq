# A customer invoice of Tryton, posted → canonical invoice, requested. To whom it is made out is for the
# master record to say. A negative total is a credit note.
def words: if . == null then null else (tostring | blank) end;
{
  number: (.number | words),
  customer: ref($message.source; .party),
  orders: [(.sales // [])[] | ref($message.source; .)],
  kind: (if .total_amount | startswith("-") then "red_letter" else "special" end),
  status: (.state | lookup("invoice_status")),
  currency: .["currency."].code,
  lines: [
    [.["lines."][] | select(.type == "line")]
    | to_entries[]
    | .key as $place
    | .value
    | (.["taxes."][0].rate // "0" | decimal) as $rate
    | {
        number: ($place + 1),
        item: (.["product."].code | if . == null then null else ref($message.source; .) end),
        description: (.description | words),
        quantity: (.quantity | decimal),
        unit: (.["unit."].symbol | words),
        unit_price: (.unit_price | decimal),
        tax_rate: $rate,
        amount: (.amount | decimal),
        tax: (.amount | decimal_mul($rate; 2))
      }
  ],
  totals: { net: (.untaxed_amount | decimal), tax: (.tax_amount | decimal), gross: (.total_amount | decimal) },
  remark: (.comment | words)
}
| compact
