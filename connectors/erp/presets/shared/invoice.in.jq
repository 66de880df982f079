# A row of V_HUB_INV_REQ → canonical invoice, requested.
#
# The request names no title on purpose: to whom an invoice is made out is for the master record to
# say, not for the name that stands in the ERP.
def words: if . == null then null else (tostring | blank) end;
def order: ref($message.source; .ORD_NO);
{
  number: (.REQ_NO | words),
  customer: ref($message.source; .CUST_NO),
  orders: [order | select(. != null)],
  kind: (.INV_TYPE | lookup("invoice_kind")),
  status: "requested",
  corrects: (.CORRECTS_NO | words),
  # Where the ERP knows them: the tax authority's confirmation of a red-letter invoice, and its codes.
  red_letter_confirmation: (.RED_CONFIRM_NO | words),
  currency: ((.CCY | words) // "CNY"),
  lines: [
    (.LINES | if type == "string" then fromjson else . end)[]
    | {
        number: .LINE_NO,
        item: ref($message.source; .ITEM_NO),
        description: (.ITEM_DESC | words),
        specification: (.SPEC | words),
        tax_code: (.TAX_CODE | words),
        quantity: (.QTY | decimal),
        unit: (.UOM | words),
        unit_price: (.PRICE | decimal),
        tax_rate: (.TAX_RATE | decimal),
        amount: (.AMT | decimal),
        tax: (.TAX | decimal)
      }
  ],
  totals: { net: (.NET_AMT | decimal), tax: (.TAX_AMT | decimal), gross: (.GROSS_AMT | decimal) },
  remark: (.REMARK | words)
}
| compact
