# A row of KPZD_KH → canonical customer.
def words: if . == null then null else (tostring | blank) end;
def tax_id: words | if . == null then null else (half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") | blank) end;
{
  legal_name: (.KHMC | words),
  code: (.ZJM | words),
  tax_id: (.KHSH | tax_id),
  phones: [(.KHDH | words) | select(. != null and test("[0-9].*[0-9].*[0-9]"))],
  emails: [(.KHYX | words) | select(. != null and test("^[^\\s@]+@[^\\s@]+$"))],
  addresses: [{ street: (.KHDZ | words) } | select(.street != null) | { purpose: "registered" } + .],
  bank_account: (
    if (.YHZH | words) == null then null else { bank: (.KHYH | words), number: (.YHZH | words) } end
  )
}
| compact
