# The detail of a request in WeCom's approvals → canonical approval. One that is open, deleted, or was not asked
# for through our form, is not wanted. Whoever decided is named by his userid. Times are seconds.
def words: if . == null then null else (tostring | blank) end;
def moment: if . == null or . == 0 then null else (tonumber | todate) end;
def title: first(.title[]? | select(.lang == "zh_CN") | .text) // .title[0].text;
def content: .value as $value | ($value.text // $value.new_money // $value.new_number) | words;
def outcome: if . == 2 then "approved" elif . == 3 then "rejected" elif . == 4 or . == 6 then "withdrawn" else null end;
def said: if . == 2 then "approved" elif . == 3 then "rejected" elif . == 11 then "returned" else null end;
(reduce (.apply_data.contents[]?) as $field ({}; .[$field | title // ""] = ($field | content))) as $form
| select($form["申请编号"] != null)
# 10 is approved and paid.
| (.sp_status | if . == 10 then 2 else . end | outcome) as $outcome
| select($outcome != null)
| [.sp_record[]?.details[]? | select((.sp_status | said) != null)] as $decided
| ($decided | max_by(.sptime)) as $last
| {
    number: $form["申请编号"],
    kind: ($form["类型"] | lookup("form_kind"; "other")),
    document: $form["单据号"],
    subject: ($form["事由"] // (.sp_name | words)),
    reason: $form["说明"],
    currency: $form["币种"],
    amount: ($form["金额"] | if . == null then null else decimal end),
    requested_by: ($form["申请人"] // .applyer.userid),
    requested_at: ($form["申请时间"] as $asked | if $asked == null then (.apply_time | moment) else ($asked | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai")) end),
    steps: [$decided[] | { approver: .approver.userid, outcome: (.sp_status | said), at: (.sptime | moment), comment: (.speech | words) }],
    decision: {
      outcome: $outcome,
      by: (if $outcome == "withdrawn" then null else $last.approver.userid end),
      # A withdrawal is nobody's word: the last thing that WeCom tells the time of.
      at: (([$last.sptime // 0, ([.comments[]?.commenttime] | max // 0), .apply_time] | max) | moment),
      comment: (if $outcome == "withdrawn" then null else ($last.speech | words) end)
    }
  }
| compact
