# A row of V_HUB_ORD → canonical order. Its column LINES is a JSON array, or its text.
def words: if . == null then null else (tostring | blank) end;
{
  number: (.ORD_NO | words),
  customer: ref($message.source; .CUST_NO),
  channel: ref($message.source; .CHANNEL_NO),
  contract_number: (.CONTRACT_NO | words),
  order_date: (.ORD_DATE | date),
  requested_date: (.REQ_DATE | date),
  currency: ((.CCY | words) // "CNY"),
  lines: [
    (.LINES | if type == "string" then fromjson else . end)[]
    | {
        number: .LINE_NO,
        item: ref($message.source; .ITEM_NO),
        description: (.ITEM_DESC | words),
        quantity: (.QTY | decimal),
        unit: (.UOM | words),
        unit_price: (.PRICE | decimal),
        tax_rate: (.TAX_RATE | words | if . == null then null else decimal end),
        amount: (.AMT | decimal)
      }
  ],
  totals: { net: (.NET_AMT | decimal), tax: (.TAX_AMT | decimal), gross: (.GROSS_AMT | decimal) },
  status: (.STATUS | lookup("order_status")),
  owner: (.SALESMAN | words),
  remark: (.REMARK | words)
}
| compact
