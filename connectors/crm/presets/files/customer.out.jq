# Golden customer → what the CRM's import reads.
#
# A customer that is new to the CRM gets its mnemonic code as its number there.
def address: [.addresses[]? | select(.purpose == "office")] + (.addresses // []) | .[0];
{
  "客户编号": ($message.target_id // .code),
  "客户名称": (.short_name // .legal_name),
  "工商全称": .legal_name,
  "税号": .tax_id,
  "助记码": .code,
  "客户类型": (.kind // "customer" | lookup("customer_type_out")),
  "客户等级": (.grade | lookup("grade_out")),
  "负责人": .owner,
  "联系人": .contacts[0].name,
  "手机": .contacts[0].phone,
  "电话": .phones[0],
  "邮箱": .emails[0],
  "省份": address.region,
  "城市": address.city,
  "地址": address.street,
  "主数据编号": $message.master_id
}
| compact
