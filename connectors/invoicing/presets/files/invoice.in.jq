# A document of the terminal → canonical invoice: issued, or made void. It goes by the request's number,
# so that whoever asked for it is told.
def words: if . == null then null else (tostring | blank) end;
def amount($name): .[$name] | decimal;
{
  number: (.["单据号"] | words),
  fiscal_number: (.["发票号码"] | words),
  customer: ref($message.source; .["购方编码"]),
  title: (
    if (.["购方名称"] | words) == null then null
    else { legal_name: (.["购方名称"] | words), tax_id: (.["购方税号"] | words) }
    end
  ),
  kind: (.["发票类型"] | lookup("invoice_type_in")),
  status: (.["状态"] | lookup("invoice_status")),
  corrects: (.["原发票号码"] | words),
  issue_date: (.["开票日期"] | date),
  currency: ((.["币种"] | words) // "CNY"),
  lines: [
    .["明细"][]
    | {
        number: .["行号"],
        description: (.["货物名称"] | words),
        quantity: amount("数量"),
        unit: (.["单位"] | words),
        unit_price: amount("单价"),
        tax_rate: amount("税率"),
        amount: amount("金额"),
        tax: amount("税额")
      }
  ],
  totals: { net: amount("合计金额"), tax: amount("合计税额"), gross: amount("价税合计") },
  remark: (.["备注"] | words)
}
| compact
