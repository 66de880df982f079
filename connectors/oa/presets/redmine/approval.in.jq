# An issue of Redmine with its journals → canonical approval. Its own fields go by their names; the last
# change of state says who decided and when. An issue that is no request, or
# is still open, is not wanted.
def words: if . == null then null else (tostring | blank) end;
def field(name): first(.custom_fields[]? | select(.name == name) | .value | words) // null;
def outcome:
  if . == null then null
  else ascii_downcase
    | if test("approv|accept|同意|批准|通过") then "approved"
      elif test("refus|reject|拒绝|驳回") then "rejected"
      elif test("return|退回") then "returned"
      elif test("withdr|cancel|撤回|撤销") then "withdrawn"
      elif test("expir|time|超时") then "timed_out"
      else null end
  end;
select(field("Request") != null)
| (.status.name | outcome) as $outcome
| select($outcome != null)
| (last(.journals[]? | select(any(.details[]?; .name == "status_id"))) // null) as $last
| {
    number: field("Request"),
    kind: (field("Kind") // "OTHER" | lookup("approval_kind"; "other")),
    document: field("Document"),
    subject: (.subject | words),
    currency: field("Currency"),
    amount: (field("Amount") | if . == null then null else decimal end),
    requested_by: (field("Applicant") // .author.name),
    requested_at: (field("Asked at") // .created_on | datetime),
    decision: {
      outcome: $outcome,
      by: ($last.user.name | words),
      at: ($last.created_on // .closed_on // .updated_on | datetime),
      comment: ($last.notes | words)
    }
  }
| compact
