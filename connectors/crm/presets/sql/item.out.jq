# Canonical item → a row of crm_product.
{
  product_code: ($message.target_id // .code),
  product_name: .name,
  specification: .specification,
  unit: .unit
}
| compact
