# A record of T_PO → canonical purchase order. LINES is a JSON array, or its text.
def words: if . == null then null else (tostring | blank) end;
def amount: words | if . == null then null else decimal end;
def rows: if . == null then [] elif type == "string" then (blank // "[]" | fromjson) else . end;
{
  number: (.PO_NO | words),
  supplier: { code: (.SUPP_NO | words), name: (.SUPP_NAME | words) },
  status: (.STATUS | lookup("purchase_status")),
  order_date: (.PO_DATE | date),
  contract_number: (.CONTRACT_NO | words),
  buyer: (.BUYER | words),
  warehouse: (.WHS | words),
  currency: ((.CCY | words) // "CNY"),
  lines: [
    (.LINES | rows)[]
    | {
        number: (.LINE_NO | number),
        item: ref($message.source; .ITEM_NO),
        description: (.ITEM_DESC | words),
        quantity: (.QTY | decimal),
        unit: (.UOM | words),
        unit_price: (.PRICE | decimal),
        tax_rate: (.TAX_RATE | amount),
        amount: (.AMT | decimal),
        required_on: (.REQ_DATE | date),
        received_quantity: (.RCV_QTY | amount)
      }
  ],
  totals: { net: (.NET_AMT | decimal), tax: (.TAX_AMT | decimal), gross: (.GROSS_AMT | decimal) },
  remark: (.REMARK | words)
}
| compact
