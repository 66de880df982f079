# Canonical item → what dealers may order.
{
  SKU: ($message.target_id // .code),
  NAME: .name,
  SPEC: .specification,
  UNIT: .unit
}
| compact
