# An opportunity of Tryton → canonical opportunity. Tryton knows no stage behind what ended: it is told as far
# as it must have come.
def words: if . == null then null else (tostring | blank) end;
{
  number: (.number | words),
  name: ((.description | words) // (.reference | words) // (.number | words) | .[0:200]),
  customer: ref($message.source; .party),
  stage: (.state | lookup("opportunity_stage")),
  outcome: (.state | lookup("opportunity_outcome")),
  currency: .["currency."].code,
  amount: (.amount | if . == null then null else decimal end),
  probability: (.conversion_probability | if . == null then null else tostring end),
  expected_on: .end_date,
  owner: (.["employee."]?["party."]?.name? | words),
  lost_reason: (.lost_reason | words),
  lines: [
    [.["lines."][]? | select(.["product."].code != null)]
    | to_entries[]
    | .key as $place
    | .value
    | {
        number: ($place + 1),
        item: ref($message.source; .["product."].code),
        quantity: (.quantity | decimal),
        unit: (.["unit."].symbol | words)
      }
  ],
  remark: (.comment | words)
}
| compact
