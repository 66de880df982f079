# Canonical invoice → what the terminal's import reads. The title comes from the golden record.
{
  "单据号": .number,
  "发票类型": (.kind | lookup("invoice_type")),
  "原发票号码": .corrects,
  "币种": .currency,
  "购方编码": .customer.native_id,
  "购方名称": .customer.golden.legal_name,
  "购方税号": .customer.golden.tax_id,
  "明细": [
    .lines[]
    | {
        "行号": .number,
        "货物名称": .description,
        "数量": .quantity,
        "单位": .unit,
        "单价": .unit_price,
        "税率": .tax_rate,
        "金额": .amount,
        "税额": .tax
      }
  ],
  "合计金额": .totals.net,
  "合计税额": .totals.tax,
  "价税合计": .totals.gross,
  "备注": .remark
}
| compact
