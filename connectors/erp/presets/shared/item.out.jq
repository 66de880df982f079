# Canonical item → a row of T_ITEM.
{
  ITEM_NO: ($message.target_id // .code),
  ITEM_NAME: .name,
  SPEC: .specification,
  UOM: .unit,
  REV: .revision
}
| compact
