# One row of the CRM's customer export → canonical customer.
#
# 客户名称 is what the sellers call the customer; only 工商全称 is a registered name. What clerks write
# into empty cells (无, 待补, -) is left out rather than passed on as a tax id or a telephone number.
def words: if . == null then null else (tostring | blank) end;
def tax_id:
  words
  | if . == null then null else half_width | ascii_upcase | gsub("[^0-9A-Z+*]"; "") end
  | if length < 4 then null else . end;
def phone: words | if . == null then null else half_width | if test("[0-9].*[0-9].*[0-9]") then . else null end end;
def email: words | if . == null then null else half_width | if test("^[^\\s@]+@[^\\s@]+$") then . else null end end;
# A birthday may come without its year: 03-07.
def yearly: words | if . == null then null else half_width | capture("^(?<year>[0-9]{4}[-/.年])?(?<month>0?[1-9]|1[0-2])[-/.月](?<day>0?[1-9]|[12][0-9]|3[01])日?([ T].*)?$") // null
  | if . == null then null else "\(if .year == null then "" else "\(.year[0:4])-" end)\("0\(.month)"[-2:])-\("0\(.day)"[-2:])" end end;
def coded($table; $otherwise): words | if . == null then null else lookup($table; $otherwise) end;
{
  legal_name: (.["工商全称"] | words),
  short_name: (.["客户名称"] | words),
  code: (.["助记码"] | words),
  tax_id: (.["税号"] | tax_id),
  kind: (.["客户类型"] | lookup("customer_type")),
  grade: (.["客户等级"] | words | if . == null then null else ascii_upcase | lookup("grade") end),
  industry: (.["行业"] | coded("industry"; "other")),
  source: (.["客户来源"] | coded("source"; "other")),
  owner: (.["负责人"] | words),
  contacts: [
    { name: (.["联系人"] | words), role: (.["职务"] | words), phone: (.["手机"] | phone), birthday: (.["联系人生日"] | yearly) }
    | select(.name != null)
  ],
  phones: [(.["电话"] | phone) | select(. != null)],
  emails: [(.["邮箱"] | email) | select(. != null)],
  addresses: [
    { region: (.["省份"] | words), city: (.["城市"] | words), street: (.["地址"] | words) }
    | compact
    | select(length > 0)
    | { purpose: "office" } + .
  ]
}
| compact
