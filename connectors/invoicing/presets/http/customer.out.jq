# Golden customer → a buyer of the invoicing service.
def address: [.addresses[]? | select(.purpose == "registered")] + (.addresses // []) | .[0];
{
  buyerId: ($message.target_id // .code),
  buyerName: .legal_name,
  taxNo: .tax_id,
  mnemonicCode: .code,
  address: ([address.region, address.city, address.street] | map(select(. != null)) | join("") | blank),
  phone: .phones[0],
  email: .emails[0],
  bankName: .bank_account.bank,
  bankAccount: .bank_account.number
}
| compact
