# Golden customer → a row of T_CUST.
#
# A customer that is new to the ERP gets its mnemonic code as its number. A column for which the
# golden record has no value is left as it is.
def address: [.addresses[]? | select(.purpose == "registered")] + (.addresses // []) | .[0];
{
  CUST_NO: ($message.target_id // .code),
  CUST_NAME: .legal_name,
  CUST_ABBR: .short_name,
  TAX_NO: .tax_id,
  MNEMONIC: .code,
  CUST_TYPE: (.kind // "customer" | lookup("customer_type_out")),
  LINKMAN: .contacts[0].name,
  MOBILE: .contacts[0].phone,
  TEL: .phones[0],
  EMAIL: .emails[0],
  PROVINCE: address.region,
  CITY: address.city,
  ADDR: address.street,
  BANK_NAME: .bank_account.bank,
  BANK_ACCT: .bank_account.number,
  CREDIT_DAYS: .credit_terms.days,
  CREDIT_AMT: .credit_terms.limit
}
| compact
