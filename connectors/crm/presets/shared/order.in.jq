# An order as the CRM sends it → canonical order.
#
# The CRM's price list carries the ERP's item numbers, so items are ids of the system `erp`. Where
# that system has another name, or the CRM has item ids of its own (then: $message.source), copy
# this file beside your connector file, change that one word, and name it as `mapping`.
def words: if . == null then null else (tostring | blank) end;
{
  number: (.orderNo | words),
  customer: ref($message.source; .customerId),
  channel: ref($message.source; .agentId),
  contract_number: (.contractNo | words),
  order_date: (.orderDate | date),
  requested_date: (.deliveryDate | date),
  currency: ((.currency | words) // "CNY" | ascii_upcase | lookup("currency")),
  lines: [
    .items[]
    | {
        number: .lineNo,
        item: ref("erp"; .sku),
        description: (.name | words),
        quantity: (.qty | decimal),
        unit: (.unit | words),
        unit_price: (.price | decimal),
        tax_rate: (.taxPercent | lookup("tax_rate")),
        amount: (.amount | decimal)
      }
  ],
  totals: {
    net: (.netAmount | decimal),
    tax: (.taxAmount | decimal),
    gross: (.totalAmount | decimal)
  },
  status: (.status | lookup("order_status")),
  owner: (.salesperson | words),
  remark: (.remark | words)
}
| compact
