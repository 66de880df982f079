# An order on the portal, with what the supplier confirms and announces → canonical purchase order. The
# portal repeats the order's own figures.
def words: if . == null then null else (tostring | blank) end;
def amount: words | if . == null then null else decimal end;
def rows: if . == null then [] elif type == "string" then (blank // "[]" | fromjson) else . end;
{
  number: (.PO_NO | words),
  supplier: { code: (.SUPPLIER_NO | words), name: (.SUPPLIER_NAME | words) },
  status: ((.STATE | words // "confirmed") | ascii_downcase),
  order_date: (.ORDERED_ON | date),
  warehouse: (.SHIP_TO | words),
  currency: ((.CURRENCY | words) // "CNY"),
  lines: [
    (.LINES | rows)[]
    | {
        number: (.NO | number),
        item: ref($message.source; .PART_NO),
        description: (.TEXT | words),
        quantity: (.QTY | decimal),
        unit: (.UNIT | words),
        unit_price: (.PRICE | decimal),
        amount: ((.PRICE // "0") as $price | .QTY | decimal_mul($price; 2)),
        required_on: (.WANTED_ON | date),
        confirmed_quantity: (.PROMISED_QTY | amount),
        confirmed_on: (.PROMISED_ON | date)
      }
  ],
  deliveries: [
    (.NOTICES | rows)[]
    | {
        number: (.NOTICE_NO | words),
        shipped_on: (.SENT_ON | date),
        expected_on: (.ARRIVES_ON | date),
        carrier: (.CARRIER | words),
        tracking_number: (.TRACK_NO | words),
        lines: [(.LINES | rows)[] | { order_line: (.NO | number), quantity: (.QTY | decimal), lot: (.LOT | words) }]
      }
  ]
}
| ([.lines[].amount] | decimal_sum) as $net
| .totals = { net: $net, tax: "0", gross: $net }
| compact
