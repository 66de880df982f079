# A business partner of SAP Business One → canonical customer.
def words: if . == null then null else (tostring | blank) end;
{
  legal_name: (.CardName | words),
  code: null,
  tax_id: (.FederalTaxID | words | if . == null then null else ascii_upcase | gsub("[^0-9A-Z+*]"; "") | if length < 4 then null else . end end),
  kind: "customer",
  phones: [(.Phone1 | words) | select(. != null) | select(test("[0-9].*[0-9].*[0-9]"))],
  emails: [(.EmailAddress | words) | select(. != null) | select(test("^[^\\s@]+@[^\\s@]+$"))],
  addresses: [{ country: (.Country | words), city: (.City | words), street: (.Address | words), postal_code: (.ZipCode | words) } | compact | select(length > 0)]
}
| compact
