# A row of T_ITEM → canonical item.
def words: if . == null then null else (tostring | blank) end;
{
  code: (.ITEM_NO | words),
  name: (.ITEM_NAME | words),
  specification: (.SPEC | words),
  unit: (.UOM | words),
  revision: (.REV | words)
}
| compact
