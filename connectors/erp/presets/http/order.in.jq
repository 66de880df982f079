# A sales order of the ERP's API → canonical order.
def words: if . == null then null else (tostring | blank) end;
{
  number: (.documentNo | words),
  customer: ref($message.source; .soldTo),
  channel: ref($message.source; .agent),
  contract_number: (.contractNo | words),
  order_date: (.documentDate | date),
  requested_date: (.requestedDate | date),
  currency: ((.currency | words) // "CNY"),
  lines: [
    .positions[]
    | {
        number: .position,
        item: ref($message.source; .materialNo),
        description: (.text | words),
        quantity: (.quantity | decimal),
        unit: (.unit | words),
        unit_price: (.netPrice | decimal),
        tax_rate: (.taxRate | words | if . == null then null else decimal end),
        amount: (.netAmount | decimal)
      }
  ],
  totals: { net: (.netTotal | decimal), tax: (.taxTotal | decimal), gross: (.grossTotal | decimal) },
  status: (.status | lookup("order_status")),
  owner: (.salesperson | words),
  remark: (.note | words)
}
| compact
