# An invoice request of the ERP's API → canonical invoice, requested; without a title, which is for
# the master record to give.
def words: if . == null then null else (tostring | blank) end;
{
  number: (.requestNo | words),
  customer: ref($message.source; .billTo),
  orders: [.salesOrders[]? | ref($message.source; .) | select(. != null)],
  kind: (.invoiceType | lookup("invoice_kind")),
  status: "requested",
  corrects: (.corrects | words),
  red_letter_confirmation: (.redLetterConfirmation | words),
  currency: ((.currency | words) // "CNY"),
  lines: [
    .positions[]
    | {
        number: .position,
        item: ref($message.source; .materialNo),
        description: (.text | words),
        specification: (.specification | words),
        tax_code: (.taxCode | words),
        quantity: (.quantity | decimal),
        unit: (.unit | words),
        unit_price: (.netPrice | decimal),
        tax_rate: (.taxRate | decimal),
        amount: (.netAmount | decimal),
        tax: (.taxAmount | decimal)
      }
  ],
  totals: { net: (.netTotal | decimal), tax: (.taxTotal | decimal), gross: (.grossTotal | decimal) },
  remark: (.note | words)
}
| compact
