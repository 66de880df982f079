# Golden customer → what the terminal's buyer import reads.
def address: [.addresses[]? | select(.purpose == "registered")] + (.addresses // []) | .[0];
{
  "购方编码": ($message.target_id // .code),
  "购方名称": .legal_name,
  "购方税号": .tax_id,
  "助记码": .code,
  "地址电话": (
    [([address.region, address.city, address.street] | map(select(. != null)) | join("")), .phones[0]]
    | map(select(. != null and . != "")) | join(" ")
  ),
  "银行账号": ([.bank_account.bank, .bank_account.number] | map(select(. != null)) | join(" "))
}
| compact
