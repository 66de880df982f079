# A dealer's order → canonical order. LINES is a JSON array, or its text.
def words: if . == null then null else (tostring | blank) end;
def amount: words | if . == null then null else decimal end;
def rows: if . == null then [] elif type == "string" then (blank // "[]" | fromjson) else . end;
{
  number: (.ORDER_NO | words),
  customer: ref($message.source; .DEALER_NO),
  order_date: (.ORDER_DATE | date),
  requested_date: (.WANTED | date),
  currency: (.CURRENCY | words // "CNY"),
  lines: [
    (.LINES | rows)[]
    | {
        number: (.NO | number),
        item: ref($message.source; .SKU),
        quantity: (.QTY | decimal),
        unit: (.UNIT | words),
        unit_price: (.PRICE | decimal),
        tax_rate: (.TAX_RATE | amount),
        amount: (.AMOUNT | decimal)
      }
  ],
  totals: { net: (.NET | decimal), tax: (.TAX | decimal), gross: (.GROSS | decimal) },
  status: (.STATUS | lookup("order_status")),
  remark: (.REMARK | words)
}
| compact
