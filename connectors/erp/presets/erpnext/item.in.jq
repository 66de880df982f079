# An item of ERPNext → canonical item.
def words: if . == null then null else (tostring | blank) end;
{ code: (.item_code | words), name: ((.item_name | words) // .item_code), specification: (.description | words | if . == null then null else gsub("<[^>]*>"; " ") | squeeze | blank end), unit: (.stock_uom | words) }
| if .specification == .name then del(.specification) else . end
| compact
