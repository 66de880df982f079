# Golden customer → the values of a partner. What the golden record has no value for is left as it is.
def address: [.addresses[]? | select(.purpose == "registered")] + (.addresses // []) | .[0] // {};
{
  name: (.legal_name // .short_name),
  ref: .code,
  vat: .tax_id,
  is_company: true,
  street: address.street,
  city: address.city,
  zip: address.postal_code,
  phone: .phones[0],
  email: .emails[0]
}
| compact
