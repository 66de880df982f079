# A partner of Odoo → canonical customer. Odoo writes false where there is nothing.
def words: if . == null or . == false then null else (tostring | blank) end;
{
  legal_name: (.name | words),
  code: (.ref | words),
  tax_id: (.vat | words | if . == null then null else half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") | if length < 4 then null else . end end),
  kind: "customer",
  phones: [(.phone | words) | select(. != null)],
  emails: [(.email | words) | select(. != null) | select(test("^[^\\s@]+@[^\\s@]+$"))],
  addresses: [{ street: (.street | words), city: (.city | words), postal_code: (.zip | words) } | compact | select(length > 0)]
}
| compact
