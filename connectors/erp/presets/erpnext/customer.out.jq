# Golden customer → the fields of a customer. What the golden record has no value for is left as it is.
{
  customer_name: (.legal_name // .short_name),
  customer_type: "Company",
  tax_id: .tax_id,
  mobile_no: .phones[0],
  email_id: .emails[0]
}
| compact
