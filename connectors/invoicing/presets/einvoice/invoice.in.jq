# What the service says of a fully digital e-invoice → canonical invoice, issued or taken back. One that is
# under way, or was refused, is not wanted: who asked for it is told in the delivery.
def words: if . == null then null else (tostring | blank) end;
def fiscal: words | if . == null or test("^[0-9]{20}$") then . else error("\(.) is no number of a fully digital invoice, which has 20 digits") end;
select(.zt == "1" or .zt == "3")
| {
    number: (.qqlsh | words),
    fiscal_number: (.fphm | fiscal),
    customer: ref($message.source; .gmfbm),
    orders: [if (.ddly | words) == null then empty else ref(.ddly; .ddh) | select(. != null) end],
    seller: (if (.xsfmc | words) == null then null else { legal_name: .xsfmc, tax_id: (.xsfnsrsbh | words) } | compact end),
    title: ({
      legal_name: .gmfmc,
      tax_id: (.gmfnsrsbh | words),
      address_and_phone: ([.gmfdz, .gmfdh] | map(words | select(. != null)) | join(" ") | blank),
      bank_account: (if (.gmfyhzh | words) == null then null else { bank: (.gmfkhh | words), number: .gmfyhzh } | compact end)
    } | compact),
    kind: (if .lzfpbz == "1" then "red_letter" elif .fppz == "01" then "special" else "ordinary" end),
    special_kind: (.tdyslx | lookup("special_kind_in")),
    status: (.zt | lookup("invoice_state")),
    corrects: (.yfphm | words),
    correction_reason: (.chyydm | lookup("correction_reason_in")),
    red_letter_confirmation: (.hzqrxxdbh | words),
    issue_date: (.kprq | words | if . == null then null else date end),
    currency: ((.bz | words) // "CNY"),
    lines: [
      .mxzb[]
      | {
          number: .xh,
          description: (.xmmc | words),
          specification: (.ggxh | words),
          tax_code: (.spfwssflhbbm | words),
          quantity: (.sl | decimal),
          unit: (.dw | words),
          unit_price: (.dj | decimal),
          tax_rate: (.slv | decimal),
          amount: (.je | decimal),
          tax: (.se | decimal)
        }
    ],
    totals: { net: (.hjje | decimal), tax: (.hjse | decimal), gross: (.jshj | decimal) },
    remark: (.remark | words)
  }
| compact
