# A partner of the ERP's API → canonical customer.
def words: if . == null then null else (tostring | blank) end;
def tax_id:
  words
  | if . == null then null else half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") end
  | if length < 4 then null else . end;
def phone: words | if . == null then null else half_width | if test("[0-9].*[0-9].*[0-9]") then . else null end end;
def email: words | if . == null then null else half_width | if test("^[^\\s@]+@[^\\s@]+$") then . else null end end;
{
  legal_name: (.name | words),
  short_name: (.searchName | words),
  code: (.mnemonic | words),
  tax_id: (.taxNumber | tax_id),
  kind: (.category | lookup("customer_type")),
  contacts: [.contacts[]? | { name: (.fullName | words), phone: (.phone | phone), email: (.email | email) } | select(.name != null)],
  phones: [(.phone | phone) | select(. != null)],
  emails: [(.email | email) | select(. != null)],
  addresses: [
    .address // {}
    | { country: (.country | words), region: (.region | words), city: (.city | words), street: (.street | words), postal_code: (.postalCode | words) }
    | compact
    | select(length > 0)
    | { purpose: "registered" } + .
  ],
  bank_account: (if (.bank.account | words) == null then null else { bank: (.bank.name | words), number: (.bank.account | words) } end),
  credit_terms: (
    if .credit == null then null
    else { days: .credit.days, limit: (.credit.limit | words | if . == null then null else decimal end), currency: .credit.currency }
    end
  )
}
| compact
