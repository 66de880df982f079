# Canonical order → a note at the sale that it is; an order that is no sale of this Tryton's is not wanted.
if $message.target_id == null then empty else
{
  resource: "sale.sale,\($message.target_id)",
  title: "Order \(.number)",
  text: ([(.status | lookup("status_out")), (.requested_date | if . == null then null else "requested for \(.)" end), .remark]
    | map(select(. != null)) | join("\n"))
}
end
