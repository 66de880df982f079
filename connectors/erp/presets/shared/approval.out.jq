# Canonical approval that was decided → a record of T_APPROVAL.
{
  REQ_NO: ($message.target_id // .number),
  DOC_NO: .document,
  RESULT: (.decision.outcome | lookup("approval_outcome_out")),
  DECIDED_BY: .decision.by,
  DECIDED_AT: (.decision.at | datetime_out("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai")),
  COMMENT: .decision.comment
}
| compact
