# An account of the CRM's API → canonical customer.
def words: if . == null then null else (tostring | blank) end;
def tax_id:
  words
  | if . == null then null else half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") end
  | if length < 4 then null else . end;
def phone: words | if . == null then null else half_width | if test("[0-9].*[0-9].*[0-9]") then . else null end end;
def email: words | if . == null then null else half_width | if test("^[^\\s@]+@[^\\s@]+$") then . else null end end;
{
  legal_name: (.registeredName | words),
  short_name: (.name | words),
  code: (.mnemonicCode | words),
  tax_id: (.taxNo | tax_id),
  kind: (.type | lookup("customer_type")),
  owner: (.owner.name | words),
  contacts: [
    .contacts[]?
    | { name: (.name | words), role: (.title | words), phone: (.mobile | phone), email: (.email | email) }
    | select(.name != null)
  ],
  phones: [(.phone | phone) | select(. != null)],
  emails: [(.email | email) | select(. != null)],
  addresses: [
    .address // {}
    | { country: (.countryCode | words), region: (.province | words), city: (.city | words), street: (.street | words), postal_code: (.postcode | words) }
    | compact
    | select(length > 0)
    | { purpose: "office" } + .
  ],
  tags: [.labels[]? | words | select(. != null)]
}
| compact
