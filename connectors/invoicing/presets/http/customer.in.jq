# A buyer of the invoicing service → canonical customer. Its names and tax ids are the registered ones.
def words: if . == null then null else (tostring | blank) end;
def tax_id: words | if . == null then null else (half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") | blank) end;
{
  legal_name: (.buyerName | words),
  code: (.mnemonicCode | words),
  tax_id: (.taxNo | tax_id),
  phones: [(.phone | words) | select(. != null and test("[0-9].*[0-9].*[0-9]"))],
  emails: [(.email | words) | select(. != null and test("^[^\\s@]+@[^\\s@]+$"))],
  addresses: [
    { street: (.address | words) } | select(.street != null) | { purpose: "registered" } + .
  ],
  bank_account: (
    if (.bankAccount | words) == null then null
    else { bank: (.bankName | words), number: (.bankAccount | words) }
    end
  )
}
| compact
