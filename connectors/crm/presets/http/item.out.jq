# Canonical item → a product of the CRM's API.
{
  code: ($message.target_id // .code),
  name: .name,
  specification: .specification,
  unit: .unit
}
| compact
