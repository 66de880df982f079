# A dealer's report of what he sold in a period, with its lines → canonical sell-out. A correction comes
# under the number of what it corrects. Times without an offset are those of the factory.
def words: if . == null then null else (tostring | blank) end;
def amount: words | if . == null then null else decimal end;
def moment: words | if . == null then null
  elif test("(Z|[+-][0-9]{2}:?[0-9]{2})$") then datetime
  # A database writes T between day and time, and parts of seconds.
  else sub("T"; " ") | sub("\\.[0-9]+$"; "") | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end;
def rows: if . == null then [] elif type == "string" then (blank // "[]" | fromjson) else . end;
{
  number: (.REPORT_NO | words),
  dealer: ref($message.source; .DEALER_NO),
  from: (.FROM | date),
  to: (.TO | date),
  status: (.STATUS | lookup("sell_out_status")),
  reported_at: (.REPORTED_AT | moment),
  currency: (.CURRENCY | words),
  lines: [
    (.LINES | rows)[]
    | {
        number: (.NO | number),
        item: ref($message.source; .SKU),
        outlet: (.OUTLET | words),
        quantity: (.QTY | decimal),
        unit: (.UNIT | words),
        unit_price: (.PRICE | amount)
      }
  ],
  remark: (.REMARK | words)
}
| compact
| .lines //= []
