# Canonical item → a part that the design office may use, with the number that it has elsewhere.
{
  PART_NO: ($message.target_id // .code),
  PART_NAME: .name,
  SPEC: .specification,
  UNIT: .unit,
  REV: .revision
}
| compact
