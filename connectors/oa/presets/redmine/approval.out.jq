# Canonical approval → what the steps write into an issue. `h3.` and `*` are Redmine's own marks.
{
  request: .number,
  subject: .subject,
  description: ([.reason, (if .amount then "*\(.currency // "") \(.amount)*" else null end)] | map(select(. != null)) | if length == 0 then null else join("\n\n") end),
  kind: (.kind | lookup("approval_kind_out")),
  document: .document,
  amount: .amount,
  currency: .currency,
  applicant: .requested_by,
  asked_at: .requested_at,
  withdrawn: (.decision != null),
  notes: .decision.comment
}
| compact
