# A material of the ERP's API → canonical item.
def words: if . == null then null else (tostring | blank) end;
{
  code: (.materialNo | words),
  name: (.description | words),
  specification: (.specification | words),
  unit: (.baseUnit | words),
  revision: (.revision | words)
}
| compact
