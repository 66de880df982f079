# A plan on the portal that its supplier has answered → canonical supply plan. Times without an offset are
# those of the factory.
def words: if . == null then null else (tostring | blank) end;
def amount: words | if . == null then null else decimal end;
def moment: words | if . == null then null
  elif test("(Z|[+-][0-9]{2}:?[0-9]{2})$") then datetime
  # A database writes T between day and time, and parts of seconds.
  else sub("T"; " ") | sub("\\.[0-9]+$"; "") | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end;
def rows: if . == null then [] elif type == "string" then (blank // "[]" | fromjson) else . end;
{
  number: (.PLAN_NO | words),
  supplier: { code: (.SUPPLIER_NO | words), name: (.SUPPLIER_NAME | words) },
  kind: (if .BINDING == true or .BINDING == "Y" then "schedule" else "forecast" end),
  status: "answered",
  revision: (.REV | words),
  issued_at: ((.ISSUED_AT // .ANSWERED_AT) | moment),
  answered_at: (.ANSWERED_AT | moment),
  lines: [
    (.LINES | rows)[]
    | { number: (.NO | number), item: ref($message.source; .PART_NO), from: (.FROM | date), to: (.TO | date), quantity: (.QTY | decimal), confirmed_quantity: (.PROMISED_QTY | amount), unit: (.UNIT | words), remark: (.REMARK | words) }
  ]
}
| compact
