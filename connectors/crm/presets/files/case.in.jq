# A record of the CRM's service desk → canonical case. Times without an offset are those of the factory.
def words: if . == null then null else (tostring | blank) end;
def moment: words | if . == null then null
  elif test("(Z|[+-][0-9]{2}:?[0-9]{2})$") then datetime
  # A database writes T between day and time, and parts of seconds.
  else sub("T"; " ") | sub("\\.[0-9]+$"; "") | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end;
{
  number: (.["工单编号"] | words),
  customer: ref($message.source; .["客户编号"]),
  kind: (.["类型"] | lookup("case_kind")),
  subject: (.["主题"] | words),
  description: (.["描述"] | words),
  priority: (.["优先级"] | lookup("case_priority"; null)),
  status: (.["状态"] | lookup("case_status")),
  order: ref($message.source; .["订单编号"]),
  item: ref($message.source; .["商品编号"]),
  opened_at: (.["提出时间"] | moment),
  promise: (.["承诺"] | words),
  promised_by: (.["承诺日期"] | date),
  resolved_at: (.["解决时间"] | moment),
  satisfaction: (.["满意度"] | words | if . == null then null else number end),
  owner: (.["负责人"] | words)
}
| compact
