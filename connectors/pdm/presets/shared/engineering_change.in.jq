# A change order of the PDM → canonical engineering change. Times without an offset are those of the
# factory.
def words: if . == null then null else (tostring | blank) end;
def moment: words | if . == null then null
  elif test("(Z|[+-][0-9]{2}:?[0-9]{2})$") then datetime
  # A database writes T between day and time, and parts of seconds.
  else sub("T"; " ") | sub("\\.[0-9]+$"; "") | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end;
def rows: if . == null then [] elif type == "string" then (blank // "[]" | fromjson) else . end;
{
  number: (.ECN_NO | words),
  title: (.TITLE | words),
  reason: (.REASON | words),
  status: (.STATE | lookup("change_state")),
  urgency: (if .STOP == "Y" then "stop_production" elif .URGENT == "Y" then "urgent" else "routine" end),
  effective_from: (.EFF_FROM | date),
  requested_by: (.REQUESTED_BY | words),
  released_at: (.RELEASED_AT | moment),
  affected: [
    (.ITEMS | rows)[]
    | {
        item: ref($message.source; .PART_NO),
        bom: (.BOM_NO | words | if . == null then null else ref($message.source; .) end),
        from_revision: (.OLD_REV | words),
        to_revision: (.NEW_REV | words),
        replaced_by: (.NEW_PART_NO | words | if . == null then null else ref($message.source; .) end),
        disposition: (.STOCK | words | if . == null then null else lookup("disposition") end),
        remark: (.REMARK | words)
      }
  ]
}
| compact
