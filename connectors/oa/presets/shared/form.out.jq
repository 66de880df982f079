# Canonical approval → what the steps write into a form. Its fields go by their labels; every value is a
# text, so that no amount loses a digit.
{
  number: .number,
  applicant: .requested_by,
  withdrawn: (.decision != null),
  comment: .decision.comment,
  form: ({
    "申请编号": .number,
    "类型": (.kind | lookup("form_kind_out")),
    "单据号": .document,
    "事由": .subject,
    "说明": .reason,
    "币种": .currency,
    "金额": .amount,
    "申请人": .requested_by,
    "申请时间": (.requested_at | datetime_out("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai"))
  } | compact)
}
| compact
