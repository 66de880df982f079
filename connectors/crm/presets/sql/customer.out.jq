# Golden customer → a row of crm_account. A column without a value is left as it is.
def address: [.addresses[]? | select(.purpose == "office")] + (.addresses // []) | .[0];
{
  account_id: ($message.target_id // .code),
  account_name: (.short_name // .legal_name),
  legal_name: .legal_name,
  uscc: .tax_id,
  mnemonic: .code,
  account_type: (if .kind == "channel_partner" then "partner" else .kind // "customer" end),
  owner_name: .owner,
  contact_name: .contacts[0].name,
  contact_phone: .contacts[0].phone,
  contact_email: .contacts[0].email,
  phone: .phones[0],
  email: .emails[0],
  country_code: address.country,
  province: address.region,
  city: address.city,
  address: address.street
}
| compact
