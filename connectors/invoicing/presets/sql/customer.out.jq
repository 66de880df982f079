# Golden customer → a row of KPZD_KH.
def address: [.addresses[]? | select(.purpose == "registered")] + (.addresses // []) | .[0];
{
  KHBM: ($message.target_id // .code),
  KHMC: .legal_name,
  KHSH: .tax_id,
  ZJM: .code,
  KHDZ: ([address.region, address.city, address.street] | map(select(. != null)) | join("") | blank),
  KHDH: .phones[0],
  KHYX: .emails[0],
  KHYH: .bank_account.bank,
  YHZH: .bank_account.number
}
| compact
