# Canonical shipment → a note at the sale, or at the party where the sale is not of this Tryton's.
def on($what; $day): if $day == null then null else "\($what) \($day)" end;
{
  resource: ([.orders[]?.native_id | select(. != null)] as $sales
    | if ($sales | length) > 0 then "sale.sale,\($sales[0])" else "party.party,\(.customer.native_id)" end),
  title: "Shipment \(.number)",
  text: ([(.status | lookup("status_out")), on("left"; .shipped_on), on("expected"; .expected_on), on("arrived"; .delivered_on),
      ([.carrier, .tracking_number] | map(select(. != null)) | if length == 0 then null else "by " + join(" ") end)]
    | map(select(. != null)) | join("\n"))
}
