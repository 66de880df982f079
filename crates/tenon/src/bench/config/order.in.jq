# A shop's order in canonical form.
{
  number: .order_no,
  customer: ref("shop"; .buyer),
  contract_number: .contract,
  order_date: .placed,
  requested_date: .wanted,
  currency: .cur,
  status: .state,
  owner: .seller,
  remark,
  lines: [.lines[] | {
    number: .pos,
    item: ref("shop"; .sku),
    description: .text,
    quantity: (.qty | decimal),
    unit,
    unit_price: (.price | decimal),
    tax_rate: (.vat | decimal),
    amount: (.sum | decimal)
  }],
  totals: { net: (.net | decimal), tax: (.tax | decimal), gross: (.gross | decimal) }
}
