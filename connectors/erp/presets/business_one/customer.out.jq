# Golden customer → a business partner. What the golden record has no value for is left as it is.
def address: [.addresses[]? | select(.purpose == "registered")] + (.addresses // []) | .[0] // {};
{
  CardCode: ($message.target_id // .code),
  CardName: (.legal_name // .short_name),
  FederalTaxID: .tax_id,
  Phone1: .phones[0],
  EmailAddress: .emails[0],
  Address: address.street,
  City: address.city,
  ZipCode: address.postal_code,
  Country: address.country
}
| compact
