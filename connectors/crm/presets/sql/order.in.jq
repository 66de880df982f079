# A row of the view hub_order → canonical order.
#
# Items are named by the ERP's numbers. Where the ERP's system is not called `erp`, copy this file
# beside your connector file, change the word, and name it as `mapping`.
def words: if . == null then null else (tostring | blank) end;
{
  number: (.order_no | words),
  customer: ref($message.source; .account_id),
  channel: ref($message.source; .agent_id),
  contract_number: (.contract_no | words),
  order_date: (.order_date | date),
  requested_date: (.delivery_date | date),
  currency: ((.currency | words) // "CNY"),
  lines: [
    (.lines | if type == "string" then fromjson else . end)[]
    | {
        number: .line_no,
        item: ref("erp"; .product_code),
        description: (.product_name | words),
        quantity: (.quantity | decimal),
        unit: (.unit | words),
        unit_price: (.unit_price | decimal),
        tax_rate: (if .tax_rate == null then null else .tax_rate | decimal end),
        amount: (.amount | decimal)
      }
  ],
  totals: {
    net: (.net_amount | decimal),
    tax: (.tax_amount | decimal),
    gross: (.total_amount | decimal)
  },
  status: (.status | lookup("order_status")),
  owner: (.owner_name | words),
  remark: (.remark | words)
}
| compact
