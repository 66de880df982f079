# A product variant of Tryton → canonical item.
def words: if . == null then null else (tostring | blank) end;
{
  code: (.code | words),
  name: (.name | words),
  specification: (.description | words),
  unit: (.["default_uom."].symbol | words)
}
| compact
