# A row of T_CUST → canonical customer.
#
# CUST_NAME is the name in the register as the bookkeepers typed it; the abbreviation is only that.
def words: if . == null then null else (tostring | blank) end;
def tax_id:
  words
  | if . == null then null else half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") end
  | if length < 4 then null else . end;
def phone: words | if . == null then null else half_width | if test("[0-9].*[0-9].*[0-9]") then . else null end end;
def email: words | if . == null then null else half_width | if test("^[^\\s@]+@[^\\s@]+$") then . else null end end;
def amount: words | if . == null then null else decimal end;
{
  legal_name: (.CUST_NAME | words),
  short_name: (.CUST_ABBR | words),
  code: (.MNEMONIC | words),
  tax_id: (.TAX_NO | tax_id),
  kind: (.CUST_TYPE | lookup("customer_type")),
  contacts: [{ name: (.LINKMAN | words), phone: (.MOBILE | phone) } | select(.name != null)],
  phones: [(.TEL | phone) | select(. != null)],
  emails: [(.EMAIL | email) | select(. != null)],
  addresses: [
    { region: (.PROVINCE | words), city: (.CITY | words), street: (.ADDR | words) }
    | compact
    | select(length > 0)
    | { purpose: "registered" } + .
  ],
  bank_account: (
    if (.BANK_ACCT | words) == null then null
    else { bank: (.BANK_NAME | words), number: (.BANK_ACCT | words | half_width) }
    end
  ),
  credit_terms: {
    days: (.CREDIT_DAYS | words | if . == null then null else tonumber end),
    limit: (.CREDIT_AMT | amount),
    currency: (if (.CREDIT_AMT | amount) == null then null else "CNY" end)
  }
}
| compact
