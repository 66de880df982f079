# Canonical receipt → a note at the party: money is the customer's, and one receipt may be for many sales.
{
  resource: "party.party,\(.customer.native_id)",
  title: "Receipt \(.number)",
  text: ([(.status | lookup("status_out")), .received_on, "\(.amount) \(.currency)",
      ([.allocations[]?.order.native_id | select(. != null)] | unique
        | if length == 0 then null else "for sales " + join(", ") end)]
    | map(select(. != null)) | join("\n"))
}
