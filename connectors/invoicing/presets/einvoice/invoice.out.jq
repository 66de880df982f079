# Canonical invoice → a request for a fully digital e-invoice (数电票). Its fields have the initials of their
# Chinese names: gmf buyer, xsf seller, mc name, nsrsbh tax id, dz address, khh bank, yhzh account, hj sum, je
# amount, se tax, slv rate.
#
# The buyer comes from the golden record and from nowhere else.
def address: [.addresses[]? | select(.purpose == "registered")] + (.addresses // []) | .[0] // {};
def needed($what; $remedy): if . == null then error("\($what) is missing; \($remedy)") else . end;
(.kind == "red_letter") as $red
| .customer.golden as $buyer
| {
    qqlsh: .number,
    zt: (if .status == "void" then "void" else null end),
    ddly: (if (.orders | length) > 0 then $message.source else null end),
    ddh: (.orders[0] // {} | .ids[$message.source]),
    lzfpbz: (if $red then "1" else "0" end),
    fppz: (if $red then null else (.kind | lookup("invoice_kind")) end),
    tdyslx: (.special_kind | lookup("special_kind")),
    yfphm: .corrects,
    chyydm: (.correction_reason | lookup("correction_reason")),
    hzqrxxdbh: (if $red and .status != "void" then (.red_letter_confirmation | needed("the number of the red-letter confirmation (红字信息确认单编号)"; "have it confirmed in the tax authority's system and enter it in the ERP")) else null end),
    xsfmc: .seller.legal_name,
    xsfnsrsbh: .seller.tax_id,
    xsfdzdh: .seller.address_and_phone,
    xsfkhh: .seller.bank_account.bank,
    xsfyhzh: .seller.bank_account.number,
    gmfbm: .customer.native_id,
    gmfmc: $buyer.legal_name,
    gmfnsrsbh: $buyer.tax_id,
    gmfdz: ([$buyer | address | .region, .city, .street] | map(select(. != null)) | join("") | blank),
    gmfdh: $buyer.phones[0],
    gmfkhh: $buyer.bank_account.bank,
    gmfyhzh: $buyer.bank_account.number,
    bz: .currency,
    mxzb: [
      .lines[]
      | {
          xh: .number,
          xmmc: .description,
          ggxh: .specification,
          spfwssflhbbm: (.number as $number | .tax_code | needed("the tax classification code (税收分类编码) of line \($number)"; "enter it with the item in the ERP, 19 digits")),
          dw: .unit,
          sl: .quantity,
          dj: .unit_price,
          je: .amount,
          slv: .tax_rate,
          se: .tax
        }
    ],
    hjje: .totals.net,
    hjse: .totals.tax,
    jshj: .totals.gross,
    remark: .remark
  }
| compact
