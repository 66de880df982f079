# Canonical engineering change → a record of T_ECN.
{
  ECN_NO: ($message.target_id // .number),
  TITLE: .title,
  REASON: .reason,
  URGENCY: (.urgency // "routine" | ascii_upcase),
  EFF_FROM: .effective_from,
  LINES: [.affected[]
    | { ITEM_NO: .item.native_id, BOM_NO: .bom.native_id, OLD_REV: .from_revision, NEW_REV: .to_revision, NEW_ITEM_NO: .replaced_by.native_id, STOCK: (.disposition | if . == null then null else ascii_upcase end), REMARK: .remark } | compact]
}
| compact
