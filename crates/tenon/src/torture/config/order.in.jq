# An order as all three sources write it; its revision travels as the remark. An order without a
# currency is poison: it maps, and breaks the schema.
{
  number: (.no | tostring),
  customer: ref($message.source; .buyer),
  order_date: "2026-03-01",
  currency: .currency,
  status: "confirmed",
  remark: (.revision | tostring),
  lines: [{ number: 1, item: ref($message.source; "I-1"), quantity: "1",
            unit_price: (.amount | decimal), amount: (.amount | decimal) }],
  totals: { net: (.amount | decimal), tax: "0", gross: (.amount | decimal) }
} | compact
