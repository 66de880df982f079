# A row of T_STOCK → canonical inventory. Times without an offset are those of the factory.
def words: if . == null then null else (tostring | blank) end;
def amount: words | if . == null then null else decimal end;
def moment: words | if . == null then null
  elif test("(Z|[+-][0-9]{2}:?[0-9]{2})$") then datetime
  # A database writes T between day and time, and parts of seconds.
  else sub("T"; " ") | sub("\\.[0-9]+$"; "") | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end;
{
  item: ref($message.source; .ITEM_NO),
  warehouse: (.WHS | words),
  lot: (.LOT | words),
  quantity: (.ON_HAND | decimal),
  available: (.AVAILABLE | amount),
  in_transit: (.ON_ORDER | amount),
  reorder_point: (.MIN_QTY | amount),
  unit: (.UOM | words),
  counted_at: (.AS_OF | moment)
}
| compact
