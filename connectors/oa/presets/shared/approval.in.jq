# A decided (or withdrawn) request of the OA → canonical approval. STEPS is a JSON array, or its text;
# times without an offset are those of the factory.
def words: if . == null then null else (tostring | blank) end;
def rows: if . == null then [] elif type == "string" then (blank // "[]" | fromjson) else . end;
def moment: words | if . == null then null
  elif test("(Z|[+-][0-9]{2}:?[0-9]{2})$") then datetime
  # A database writes T between day and time, and parts of seconds.
  else sub("T"; " ") | sub("\\.[0-9]+$"; "") | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end;
{
  number: (.REQUEST_NO | words),
  kind: (.TYPE | lookup("approval_kind"; "other")),
  document: (.DOCUMENT_NO | words),
  subject: (.TITLE | words),
  reason: (.REASON | words),
  currency: (.CURRENCY | words),
  amount: (.AMOUNT | words | if . == null then null else decimal end),
  requested_by: (.APPLICANT | words),
  requested_at: (.APPLIED_AT | moment),
  steps: [
    (.STEPS | rows)[]
    | {
        approver: (.APPROVER | words),
        outcome: (.RESULT | lookup("approval_result")),
        at: (.AT | moment),
        comment: (.COMMENT | words)
      }
  ],
  decision: (
    if (.RESULT | words) == null then null
    else {
      outcome: (.RESULT | lookup("approval_result")),
      by: (.DECIDED_BY | words),
      at: (.DECIDED_AT | moment),
      comment: (.COMMENT | words)
    } end
  )
}
| compact
