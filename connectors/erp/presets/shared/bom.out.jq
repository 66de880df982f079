# Canonical bom → a record of T_BOM with its components and its routing.
{
  BOM_NO: ($message.target_id // .number),
  ITEM_NO: .item.native_id,
  REV: .revision,
  STATUS: (.status | lookup("bom_status_out")),
  ECN_NO: .change_number,
  EFF_FROM: .effective_from,
  EFF_TO: .effective_to,
  BASE_QTY: .quantity,
  UOM: .unit,
  LINES: [
    .components[]
    | {
        POS: .position,
        ITEM_NO: .item.native_id,
        QTY: .quantity,
        UOM: .unit,
        SCRAP: .scrap_rate,
        PHANTOM: (if .phantom then "Y" else "N" end),
        SUBST: ([.substitutes[]?.native_id | select(. != null)] | join(";")),
        REMARK: .remark
      }
  ],
  ROUTING: [
    .operations[]?
    | { OP_NO: .number, OP_NAME: .name, WORK_CENTER: .work_center, SETUP_MIN: .setup_minutes, RUN_MIN: .run_minutes }
  ]
}
| compact
