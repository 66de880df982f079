# Golden customer → the model of BD_Customer. What the golden record has no value for is left as it is.
def address: [.addresses[]? | select(.purpose == "registered")] + (.addresses // []) | .[0] // {};
{
  FNumber: ($message.target_id // .code),
  FName: (.legal_name // .short_name),
  FShortName: .short_name,
  FTaxRegisterCode: .tax_id,
  FADDRESS: address.street,
  FTEL: .phones[0]
}
| compact
