# A party of Tryton → canonical customer. Sellers call it as they do; the registered name is for others to say.
def words: if . == null then null else (tostring | blank) end;
def tax_id:
  words
  | if . == null then null else half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") end
  | if . == null or length < 4 then null else . end;
def reached(kinds): [.["contact_mechanisms."][]? | select(.type as $type | kinds | index($type)) | .value | words | select(. != null)];
{
  short_name: (.name | words),
  code: (.code | words),
  tax_id: (first(.["identifiers."][]? | .code | tax_id | select(. != null)) // null),
  phones: reached(["phone", "mobile"]),
  emails: [reached(["email"])[] | select(test("^[^\\s@]+@[^\\s@]+$"))],
  addresses: [
    .["addresses."][]?
    | { country: .["country."].code, region: (.["subdivision."].name | words), city: (.city | words),
        street: (.street | words), postal_code: (.postal_code | words) }
    | compact
    | select(length > 0)
    | { purpose: "office" } + .
  ]
}
| compact
