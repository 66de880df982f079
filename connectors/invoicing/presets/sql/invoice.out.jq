# Canonical invoice → a row of KPSQ with its rows of KPSQ_MX. The title comes from the golden record.
{
  DJH: .number,
  FPLX: (.kind | lookup("invoice_type")),
  YFPHM: .corrects,
  BZ: .currency,
  KHBM: .customer.native_id,
  KHMC: .customer.golden.legal_name,
  KHSH: .customer.golden.tax_id,
  HJJE: .totals.net,
  HJSE: .totals.tax,
  JSHJ: .totals.gross,
  BEIZHU: .remark,
  MX: [
    .lines[]
    | {
        XH: .number,
        SPMC: .description,
        SL: .quantity,
        DW: .unit,
        DJ: .unit_price,
        SLV: .tax_rate,
        JE: .amount,
        SE: .tax
      }
  ]
}
| compact
