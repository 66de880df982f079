# Canonical approval → a request for the OA. Under its number the OA recognises a request that it has.
{
  REQUEST_NO: ($message.target_id // .number),
  TYPE: (.kind | lookup("approval_kind_out")),
  DOCUMENT_NO: .document,
  TITLE: .subject,
  REASON: .reason,
  AMOUNT: .amount,
  CURRENCY: .currency,
  APPLICANT: .requested_by,
  APPLIED_AT: (.requested_at | datetime_out("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai"))
}
| compact
