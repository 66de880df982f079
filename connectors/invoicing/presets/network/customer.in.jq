# A buyer of the network's directory (CSV) → canonical customer.
def words: if . == null then null else (tostring | blank) end;
{
  legal_name: (.name | words),
  tax_id: (.tax_id | words | if . == null then null else ascii_upcase | gsub("[^0-9A-Z+*]"; "") end),
  kind: "customer",
  emails: [(.email | words) | select(. != null) | select(test("^[^\\s@]+@[^\\s@]+$"))]
}
| compact
