# Canonical shipment → what the seller sees of it.
{
  "发货单号": ($message.target_id // .number),
  "客户编号": .customer.native_id,
  "订单编号": ([.orders[]?.native_id | select(. != null)] | join(";")),
  "状态": (.status | lookup("shipment_status_out")),
  "发货日期": .shipped_on,
  "预计到达": .expected_on,
  "签收日期": .delivered_on,
  "承运商": .carrier,
  "运单号": .tracking_number
}
| compact
