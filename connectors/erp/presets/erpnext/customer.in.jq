# A customer of ERPNext → canonical customer.
def words: if . == null then null else (tostring | blank) end;
{
  legal_name: (.customer_name | words),
  tax_id: (.tax_id | words | if . == null then null else half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") | if length < 4 then null else . end end),
  kind: "customer",
  phones: [(.mobile_no | words) | select(. != null)],
  emails: [(.email_id | words) | select(. != null) | select(test("^[^\\s@]+@[^\\s@]+$"))],
  # ERPNext keeps the address as it prints it, lines apart by <br>.
  addresses: [{ street: (.primary_address | words | if . == null then null else gsub("<br>|\n"; " ") | squeeze end) } | compact | select(length > 0)]
}
| compact
