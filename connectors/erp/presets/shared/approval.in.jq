# A record of T_APPROVAL → canonical approval, still undecided. Times without an offset are those of the factory.
def words: if . == null then null else (tostring | blank) end;
def amount: words | if . == null then null else decimal end;
def moment: words | if . == null then null
  elif test("(Z|[+-][0-9]{2}:?[0-9]{2})$") then datetime
  # A database writes T between day and time, and parts of seconds.
  else sub("T"; " ") | sub("\\.[0-9]+$"; "") | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end;
{
  number: (.REQ_NO | words),
  kind: (.REQ_TYPE | lookup("approval_kind"; "other")),
  document: (.DOC_NO | words),
  subject: (.SUBJECT | words),
  reason: (.REASON | words),
  customer: ref($message.source; .CUST_NO),
  order: ref($message.source; .ORD_NO),
  currency: (.CCY | words),
  amount: (.AMT | amount),
  requested_by: (.REQ_BY | words),
  requested_at: (.REQ_AT | moment)
}
| compact
