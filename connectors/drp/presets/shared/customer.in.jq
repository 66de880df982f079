# A dealer → canonical customer: whose stock and sales reports are. What the DRP calls a dealer is no registered name.
def words: if . == null then null else (tostring | blank) end;
def tax_id:
  words
  | if . == null then null else half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") end
  | if length < 4 then null else . end;
def phone: words | if . == null then null else half_width | if test("[0-9].*[0-9].*[0-9]") then . else null end end;
{
  legal_name: (.COMPANY_NAME | words),
  short_name: (.DEALER_NAME | words),
  tax_id: (.TAX_NO | tax_id),
  kind: "channel_partner",
  contacts: [{ name: (.CONTACT | words), phone: (.MOBILE | phone) } | select(.name != null)],
  phones: [(.PHONE | phone) | select(. != null)]
}
| compact
