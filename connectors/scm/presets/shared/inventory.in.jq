# What a supplier or subcontractor has of our parts → canonical inventory. Times without an offset are
# those of the factory.
def words: if . == null then null else (tostring | blank) end;
def amount: words | if . == null then null else decimal end;
def moment: words | if . == null then null
  elif test("(Z|[+-][0-9]{2}:?[0-9]{2})$") then datetime
  # A database writes T between day and time, and parts of seconds.
  else sub("T"; " ") | sub("\\.[0-9]+$"; "") | datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end;
{
  item: ref($message.source; .PART_NO),
  warehouse: (.SUPPLIER_NO | words | if . == null then null else "SUPPLIER-\(.)" end),
  lot: (.LOT | words),
  quantity: (.QTY | decimal),
  available: (.PROMISED_QTY | amount),
  in_transit: (.SENT_QTY | amount),
  unit: (.UNIT | words),
  counted_at: (.REPORTED_AT | moment)
}
| compact
