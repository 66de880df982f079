# An instance of DingTalk's approvals → canonical approval. One that is open, or was not asked for through
# our form, is not wanted. Whoever decided is named by his userId. Taking an approved request back is an
# instance of its own (bizAction REVOKE) over the same form: approved, it withdraws.
def words: if . == null then null else (tostring | blank) end;
def moment: words | if . == null then null
  elif test("(Z|[+-][0-9]{2}:?[0-9]{2})$") then sub("T(?<minute>[0-9]{2}:[0-9]{2})(?<zone>Z|[+-])"; "T\(.minute):00\(.zone)") | datetime
  # A database writes T between day and time, and parts of seconds.
  else sub("T"; " ") | sub("\\.[0-9]+$"; "") | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end;
def said: ascii_upcase | if . == "AGREE" then "approved" elif . == "REFUSE" then "rejected" else null end;
(reduce (.formComponentValues[]? | select(.name != null)) as $field ({}; .[$field.name] = ($field.value | words))) as $form
| select($form["申请编号"] != null)
| (.bizAction // "NONE") as $action
| (if .status == "TERMINATED" or .status == "CANCELED" then (if $action == "REVOKE" then null else "withdrawn" end)
   elif .status == "COMPLETED" then ((.result // "" | said) as $said | if $action != "REVOKE" then $said elif $said == "approved" then "withdrawn" else null end)
   else null end) as $outcome
| select($outcome != null)
| [.operationRecords[]? | select((.result // "" | said) != null)] as $decided
| ($decided | last) as $last
| {
    number: $form["申请编号"],
    kind: ($form["类型"] | lookup("form_kind"; "other")),
    document: $form["单据号"],
    subject: ($form["事由"] // (.title | words)),
    reason: $form["说明"],
    currency: $form["币种"],
    amount: ($form["金额"] | if . == null then null else decimal end),
    requested_by: ($form["申请人"] // .originatorUserId),
    requested_at: (($form["申请时间"] // .createTime) | moment),
    steps: [$decided[] | { approver: .userId, outcome: (.result | said), at: (.date | moment), comment: (.remark | words) }],
    decision: {
      outcome: $outcome,
      by: (if $outcome == "withdrawn" then null else $last.userId end),
      at: ((.finishTime // $last.date) | moment),
      comment: (if $outcome == "withdrawn" then ([.operationRecords[]?.remark | words | select(. != null)] | last) else ($last.remark | words) end)
    }
  }
| compact
