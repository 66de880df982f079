# A sale of Tryton → canonical order.
def words: if . == null then null else (tostring | blank) end;
{
  number: ((.reference | words) // (.number | words)),
  customer: ref($message.source; .party),
  order_date: .sale_date,
  requested_date: .shipping_date,
  currency: .["currency."].code,
  lines: [
    [.["lines."][] | select(.type == "line")]
    | to_entries[]
    | .key as $place
    | .value
    | {
        number: ($place + 1),
        item: ref($message.source; .["product."].code),
        description: (.description | words),
        quantity: (.quantity | decimal),
        unit: (.["unit."].symbol | words),
        unit_price: (.unit_price | decimal),
        tax_rate: (.["taxes."][0].rate | if . == null then null else decimal end),
        amount: (.amount | decimal)
      }
  ],
  totals: { net: (.untaxed_amount | decimal), tax: (.tax_amount | decimal), gross: (.total_amount | decimal) },
  status: (.state | lookup("order_status")),
  remark: (.comment | words)
}
| compact
