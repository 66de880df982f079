# A record of T_PLAN → canonical supply plan. LINES is a JSON array, or its text; times without an offset
# are those of the factory.
def words: if . == null then null else (tostring | blank) end;
def moment: words | if . == null then null
  elif test("(Z|[+-][0-9]{2}:?[0-9]{2})$") then datetime
  # A database writes T between day and time, and parts of seconds.
  else sub("T"; " ") | sub("\\.[0-9]+$"; "") | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end;
def rows: if . == null then [] elif type == "string" then (blank // "[]" | fromjson) else . end;
{
  number: (.PLAN_NO | words),
  supplier: { code: (.SUPP_NO | words), name: (.SUPP_NAME | words) },
  kind: (if .FIRM == "Y" then "schedule" else "forecast" end),
  status: "issued",
  revision: (.REV | words),
  issued_at: (.ISSUED_AT | moment),
  lines: [
    (.LINES | rows)[]
    | { number: (.LINE_NO | number), item: ref($message.source; .ITEM_NO), from: (.FROM_DATE | date), to: (.TO_DATE | date), quantity: (.QTY | decimal), unit: (.UOM | words) }
  ],
  remark: (.REMARK | words)
}
| compact
