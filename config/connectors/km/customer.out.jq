# Canonical customer → its page. Nobody's name or number stands there.
{
  id: ($message.target_id // .code),
  title: .legal_name,
  kind: "customer",
  industry,
  grade
}
| compact
