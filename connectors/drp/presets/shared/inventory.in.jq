# A dealer's stock report, one item a row → canonical inventory. Times without an offset are those of
# the factory.
def words: if . == null then null else (tostring | blank) end;
def amount: words | if . == null then null else decimal end;
def moment: words | if . == null then null
  elif test("(Z|[+-][0-9]{2}:?[0-9]{2})$") then datetime
  # A database writes T between day and time, and parts of seconds.
  else sub("T"; " ") | sub("\\.[0-9]+$"; "") | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end;
{
  item: ref($message.source; .SKU),
  holder: ref($message.source; .DEALER_NO),
  warehouse: (.WAREHOUSE | words // "DEALER"),
  lot: (.LOT | words),
  quantity: (.QTY | decimal),
  available: (.AVAILABLE | amount),
  in_transit: (.IN_TRANSIT | amount),
  reorder_point: (.REORDER_POINT | amount),
  unit: (.UNIT | words),
  counted_at: (.COUNTED_AT | moment)
}
| compact
