# Canonical inventory → what the factory can promise its dealers.
{
  STOCK_ID: ($message.target_id // "\(.warehouse)/\(.item.native_id)"),
  SKU: .item.native_id,
  WAREHOUSE: .warehouse,
  QTY: .quantity,
  AVAILABLE: .available,
  IN_TRANSIT: .in_transit,
  UNIT: .unit,
  COUNTED_AT: (.counted_at | datetime_out("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai"))
}
| compact
