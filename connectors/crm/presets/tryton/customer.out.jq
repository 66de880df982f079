# Golden customer → what the steps write into a party, under the name by which sellers know it.
def address: [.addresses[]? | select(.purpose == "office")] + (.addresses // []) | .[0];
{
  name: (.short_name // .legal_name),
  code: .code,
  tax_id: .tax_id,
  address: (address | if . == null then null else { street, city, postal_code } | compact | if length == 0 then null else . end end),
  contacts: [(.phones[]? | { type: "phone", value: . }), (.emails[]? | { type: "email", value: . })]
}
