# Canonical bill of materials → what the steps write into a bill of production. A component's losses are
# part of what is taken out of stock.
def gross: .quantity as $quantity | (.scrap_rate // "0") as $scrap
  | if $scrap == "0" then $quantity else $quantity | decimal_div("1" | decimal_sub($scrap); 6) end;
{
  code: .number,
  name: (.number + (if .revision then " " + .revision else "" end)),
  product: .item.native_id,
  quantity: .quantity,
  inputs: [.components[] | { product: .item.native_id, quantity: gross }]
}
