# Golden customer → a partner of the ERP's API.
def address: [.addresses[]? | select(.purpose == "registered")] + (.addresses // []) | .[0];
{
  partnerNo: ($message.target_id // .code),
  name: (.legal_name // .short_name),
  searchName: .short_name,
  taxNumber: .tax_id,
  mnemonic: .code,
  category: (.kind // "customer" | lookup("customer_type_out")),
  contacts: [.contacts[]? | { fullName: .name, phone, email }],
  phone: .phones[0],
  email: .emails[0],
  address: (address // {} | { country, region, city, street, postalCode: .postal_code }),
  bank: { name: .bank_account.bank, account: .bank_account.number },
  credit: .credit_terms
}
| compact
