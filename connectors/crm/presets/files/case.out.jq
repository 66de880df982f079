# Canonical service case → what the other desk sees of it, promises among it.
def moment: if . == null then null else datetime_out("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end;
{
  "工单编号": ($message.target_id // .number),
  "客户编号": .customer.native_id,
  "类型": (.kind | lookup("case_kind_out")),
  "主题": .subject,
  "描述": .description,
  "优先级": (.priority | lookup("case_priority_out"; null)),
  "状态": (.status | lookup("case_status_out")),
  "订单编号": .order.native_id,
  "商品编号": .item.native_id,
  "提出时间": (.opened_at | moment),
  "承诺": .promise,
  "承诺日期": .promised_by,
  "解决时间": (.resolved_at | moment),
  "满意度": .satisfaction,
  "负责人": .owner
}
| compact
