# Golden customer → what the steps write into a party.
def address: [.addresses[]? | select(.purpose == "registered")] + (.addresses // []) | .[0];
{
  name: (.legal_name // .short_name),
  code: .code,
  tax_id: .tax_id,
  address: (address | if . == null then null else { street, city, postal_code } | compact | if length == 0 then null else . end end),
  contacts: [(.phones[]? | { type: "phone", value: . }), (.emails[]? | { type: "email", value: . })]
}
