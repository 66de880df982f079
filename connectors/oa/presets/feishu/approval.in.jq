# An instance of Feishu's approvals → canonical approval. One that is open, deleted, or was not asked for through
# our form, is not wanted. Whoever decided is named by his user_id. Times are milliseconds, in texts.
def words: if . == null then null else (tostring | blank) end;
def moment: words | if . == null or . == "0" then null else (.[0:-3] | tonumber | todate) end;
def outcome: ascii_upcase
  | if . == "APPROVED" then "approved" elif . == "REJECTED" then "rejected" elif . == "CANCELED" then "withdrawn" else null end;
def said: if . == "PASS" or . == "AUTO_PASS" then "approved" elif . == "REJECT" or . == "AUTO_REJECT" then "rejected" elif . == "ROLLBACK" or . == "ROLLBACK_SELECTED" then "returned" else null end;
(.form // "[]" | if type == "string" then fromjson else . end) as $widgets
| (reduce ($widgets[]? | select(.name != null)) as $widget ({}; .[$widget.name] = ($widget.value | if type == "string" or type == "number" then words else null end))) as $form
| select($form["申请编号"] != null)
| (if .reverted == true then "withdrawn" else (.status // "" | outcome) end) as $outcome
| select($outcome != null)
| [.timeline[]? | select((.type | said) != null)] as $decided
| ($decided | last) as $last
| (.timeline // [] | last) as $end
| {
    number: $form["申请编号"],
    kind: ($form["类型"] | lookup("form_kind"; "other")),
    document: $form["单据号"],
    subject: ($form["事由"] // (.approval_name | words)),
    reason: $form["说明"],
    currency: $form["币种"],
    amount: ($form["金额"] | if . == null then null else decimal end),
    requested_by: ($form["申请人"] // .user_id),
    requested_at: ($form["申请时间"] as $asked | if $asked == null then (.start_time | moment) else ($asked | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai")) end),
    steps: [$decided[] | { approver: (.user_id // .open_id // "system"), outcome: (.type | said), at: (.create_time | moment), comment: (.comment | words) }],
    decision: {
      outcome: $outcome,
      by: (if $outcome == "withdrawn" then null else $last.user_id end),
      at: ((.end_time | moment) // ($end.create_time | moment)),
      comment: ((if $outcome == "withdrawn" then $end.comment else $last.comment end) | words)
    }
  }
| compact
