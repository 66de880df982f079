# An item of SAP Business One → canonical item.
def words: if . == null then null else (tostring | blank) end;
{ code: (.ItemCode | words), name: (.ItemName | words), unit: (.InventoryUOM | words) } | compact
