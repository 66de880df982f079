# A record of T_SHIP → canonical shipment. LINES is a JSON array, or its text.
def words: if . == null then null else (tostring | blank) end;
def rows: if . == null then [] elif type == "string" then (blank // "[]" | fromjson) else . end;
{
  number: (.SHIP_NO | words),
  customer: ref($message.source; .CUST_NO),
  orders: [(.ORD_NO | words // "") | split(";")[] | blank | select(. != null) | ref($message.source)],
  status: (.STATUS | lookup("shipment_status")),
  shipped_on: (.SHIP_DATE | date),
  expected_on: (.ETA | date),
  delivered_on: (.POD_DATE | date),
  warehouse: (.WHS | words),
  carrier: (.CARRIER | words),
  tracking_number: (.TRACK_NO | words),
  ship_to: (.SHIP_TO | words),
  lines: [
    (.LINES | rows)[]
    | {
        number: (.LINE_NO | number),
        order_line: (.ORD_LINE | if . == null then null else number end),
        item: ref($message.source; .ITEM_NO),
        quantity: (.QTY | decimal),
        unit: (.UOM | words),
        lot: (.LOT | words)
      }
  ],
  remark: (.REMARK | words)
}
| compact
