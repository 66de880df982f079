# Golden customer → an account of the CRM's API.
def address: [.addresses[]? | select(.purpose == "office")] + (.addresses // []) | .[0];
{
  id: $message.target_id,
  name: (.short_name // .legal_name),
  registeredName: .legal_name,
  taxNo: .tax_id,
  mnemonicCode: .code,
  type: (if .kind == "channel_partner" then "partner" else .kind // "customer" end),
  contacts: [.contacts[]? | { name, title: .role, mobile: .phone, email }],
  phone: .phones[0],
  email: .emails[0],
  address: (address // {} | { countryCode: .country, province: .region, city, street, postcode: .postal_code }),
  externalRef: $message.master_id
}
| compact
