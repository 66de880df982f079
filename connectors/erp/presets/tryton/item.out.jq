# Canonical item → what the steps write into a product. An item without a unit is counted.
{
  code: ($message.target_id // .code),
  name: .name,
  description: .specification,
  unit: (.unit | if . == null or . == "pcs" or . == "个" or . == "件" or . == "台" or . == "只" then "u" else . end)
}
| compact
