# Canonical item → a part that suppliers are asked for.
{
  PART_NO: ($message.target_id // .code),
  PART_NAME: .name,
  SPEC: .specification,
  UNIT: .unit,
  REV: .revision
}
| compact
