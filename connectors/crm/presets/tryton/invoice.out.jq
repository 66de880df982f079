# Canonical invoice that was issued or made void → a note at the sale, or at the party.
{
  resource: ([.orders[]?.native_id | select(. != null)] as $sales
    | if ($sales | length) > 0 then "sale.sale,\($sales[0])" else "party.party,\(.customer.native_id)" end),
  title: "Invoice \(.number)",
  text: ([([(.status | lookup("status_out")), .fiscal_number] | map(select(. != null)) | join(" ")),
      .issue_date, "\(.totals.gross) \(.currency)"]
    | map(select(. != null)) | join("\n"))
}
