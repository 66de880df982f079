# A record of the CRM's list of opportunities → canonical opportunity.
def words: if . == null then null else (tostring | blank) end;
def amount: words | if . == null then null else decimal end;
def rows: if . == null then [] elif type == "string" then (blank // "[]" | fromjson) else . end;
{
  number: (.["商机编号"] | words),
  name: (.["商机名称"] | words),
  customer: ref($message.source; .["客户编号"]),
  channel: ref($message.source; .["渠道编号"]),
  stage: (.["阶段"] | lookup("opportunity_stage")),
  outcome: (.["结果"] | lookup("opportunity_outcome"; "open")),
  currency: (.["币种"] | lookup("currency"; "CNY")),
  amount: (.["预计金额"] | amount),
  probability: (.["可能性"] | words | if . == null then null else rtrimstr("%") | decimal_div(100; 4) end),
  expected_on: (.["预计日期"] | date),
  source: (.["来源"] | lookup("source"; null)),
  owner: (.["负责人"] | words),
  lost_reason: (.["输单原因"] | words),
  lines: [
    (.["明细"] | rows)[]
    | {
        number: (.["行号"] | number),
        item: ref($message.source; .["商品编号"]),
        quantity: (.["数量"] | decimal),
        unit: (.["单位"] | words),
        unit_price: (.["单价"] | amount)
      }
  ],
  remark: (.["备注"] | words)
}
| compact
