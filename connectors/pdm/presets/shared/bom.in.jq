# A released bill of materials → canonical bom. LINES and STEPS are JSON arrays, or their text, or elements
# LINE and STEP; SUBS names substitutes with a semicolon between them; SCRAP_PCT is in percent. Where the bill
# comes as a list (CSV, XLSX), each row has the bill's own columns too: its component stands in COMP_NO, and what the
# bill's quantity counts in BASE_UNIT.
def words: if . == null then null else (tostring | blank) end;
def list: if type == "array" then . else [.] end;
def rows:
  if . == null then []
  elif type == "string" then (blank // "[]" | fromjson)
  elif type == "object" then (.LINE // .STEP // . | list)
  else . end;
# What contains itself can never be made; parts that contain it by way of others are not seen here.
(.LINES | rows) as $lines
| any($lines[]; .COMP_NO != null) as $listed
| def component: if $listed then .COMP_NO else .PART_NO end;
.PART_NO as $part
| [.PART_NO, .REV, .STATE] as $own
| if $listed and any($lines[]; [.PART_NO // $own[0], .REV // $own[1], .STATE // $own[2]] != $own)
  then error("the rows of BOM \(.BOM_NO) do not agree on PART_NO, REV and STATE; one list tells one release of a bill")
  else . end
| if any($lines[]; component == $part)
  then error("BOM \(.BOM_NO) lists its own part \($part) among its components; correct it in the PDM and release it again")
  else . end
| {
  number: (.BOM_NO | words),
  item: ref($message.source; .PART_NO),
  kind: (.VIEW | lookup("bom_view"; "design")),
  revision: (.REV | words),
  status: (.STATE | lookup("bom_state")),
  change_number: (.ECN | words),
  effective_from: (.EFF_FROM | date),
  effective_to: (.EFF_TO | date),
  quantity: (.BASE_QTY // 1 | decimal),
  unit: (if $listed then .BASE_UNIT else .UNIT end | words),
  components: [
    $lines[]
    | {
        position: (.POS | number),
        item: ref($message.source; component),
        quantity: (.QTY | decimal),
        unit: (.UNIT | words),
        scrap_rate: (.SCRAP_PCT | words | if . == null then null else decimal_div(100; 4) end),
        phantom: (if (.PHANTOM | words) == "Y" then true else null end),
        substitutes: [(.SUBS | words // "") | split(";")[] | blank | select(. != null) | ref($message.source)],
        remark: (.NOTE | words)
      }
  ],
  operations: [
    (.STEPS | rows)[]
    | {
        number: (.NO | number),
        name: (.NAME | words),
        work_center: (.CENTER | words),
        setup_minutes: (.SETUP_MIN | words | if . == null then null else decimal end),
        run_minutes: (.RUN_MIN | words | if . == null then null else decimal end)
      }
  ]
}
| compact
