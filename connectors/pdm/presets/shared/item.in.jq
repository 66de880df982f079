# A part of the design office → canonical item.
def words: if . == null then null else (tostring | blank) end;
{
  code: (.PART_NO | words),
  name: (.PART_NAME | words),
  specification: (.SPEC | words),
  unit: (.UNIT | words),
  revision: (.REV | words)
}
| compact
