# An invoice of the service → canonical invoice: issued, or made void. It goes by the request's number, so that
# whoever asked for it is told.
def words: if . == null then null else (tostring | blank) end;
{
  number: (.requestNo | words),
  fiscal_number: (.invoiceNo | words),
  customer: ref($message.source; .buyer.buyerId),
  title: (
    if (.buyer.name | words) == null then null
    else { legal_name: (.buyer.name | words), tax_id: (.buyer.taxNo | words) }
    end
  ),
  kind: (.invoiceType | lookup("invoice_type_in")),
  status: (.status | lookup("invoice_status")),
  corrects: (.originalInvoiceNo | words),
  issue_date: (.issueDate | date),
  currency: ((.currency | words) // "CNY"),
  lines: [
    .lines[]
    | {
        number: .lineNo,
        description: (.name | words),
        quantity: (.quantity | decimal),
        unit: (.unit | words),
        unit_price: (.price | decimal),
        tax_rate: (.taxRate | decimal),
        amount: (.amount | decimal),
        tax: (.tax | decimal)
      }
  ],
  totals: { net: (.amount | decimal), tax: (.tax | decimal), gross: (.total | decimal) },
  remark: (.remark | words)
}
| compact
