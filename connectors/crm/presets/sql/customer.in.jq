# A row of crm_account → canonical customer.
def words: if . == null then null else (tostring | blank) end;
def tax_id:
  words
  | if . == null then null else half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") end
  | if length < 4 then null else . end;
def phone: words | if . == null then null else half_width | if test("[0-9].*[0-9].*[0-9]") then . else null end end;
def email: words | if . == null then null else half_width | if test("^[^\\s@]+@[^\\s@]+$") then . else null end end;
{
  legal_name: (.legal_name | words),
  short_name: (.account_name | words),
  code: (.mnemonic | words),
  tax_id: (.uscc | tax_id),
  kind: (.account_type | lookup("customer_type")),
  owner: (.owner_name | words),
  contacts: [
    { name: (.contact_name | words), phone: (.contact_phone | phone), email: (.contact_email | email) }
    | select(.name != null)
  ],
  phones: [(.phone | phone) | select(. != null)],
  emails: [(.email | email) | select(. != null)],
  addresses: [
    { country: (.country_code | words), region: (.province | words), city: (.city | words), street: (.address | words) }
    | compact
    | select(length > 0)
    | { purpose: "office" } + .
  ]
}
| compact
