# A customer of K/3 Cloud → canonical customer.
def words: if . == null then null else (tostring | blank) end;
{
  legal_name: (.FName | words),
  short_name: (.FShortName | words),
  tax_id: (.FTaxRegisterCode | words | if . == null then null else half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") | if length < 4 then null else . end end),
  kind: "customer",
  phones: [(.FTEL | words) | select(. != null) | select(test("[0-9].*[0-9].*[0-9]"))],
  addresses: [{ street: (.FADDRESS | words) } | compact | select(length > 0)]
}
| compact
