# Canonical item → what the CRM's price list import reads.
{
  "商品编号": ($message.target_id // .code),
  "商品名称": .name,
  "规格": .specification,
  "单位": .unit
}
| compact
