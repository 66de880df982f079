# A reminder of the hub → a task of the seller who looks after the customer.
{
  "任务编号": ($message.target_id // .number),
  "客户编号": .customer.native_id,
  "主题": .subject,
  "联系人": .contact,
  "负责人": .owner,
  "到期日": .next_on,
  "类型": .next_step
}
| compact
