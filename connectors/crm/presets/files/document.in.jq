# A record of the CRM's list of contracts → canonical document. Orders name it by its number.
def words: if . == null then null else (tostring | blank) end;
def amount: words | if . == null then null else decimal end;
{
  number: (.["合同编号"] | words),
  title: (.["合同名称"] | words),
  kind: "contract",
  status: (.["状态"] | lookup("contract_status")),
  confidentiality: "confidential",
  author: (.["负责人"] | words),
  customer: ref($message.source; .["客户编号"]),
  amount: (.["合同金额"] | amount),
  currency: (.["币种"] | lookup("currency"; "CNY")),
  valid_from: (.["生效日期"] | date),
  valid_until: (.["终止日期"] | date)
}
| compact
