# A material of K/3 Cloud → canonical item.
def words: if . == null then null else (tostring | blank) end;
{ code: (.FNumber | words), name: (.FName | words), specification: (.FSpecification | words), unit: (.FUnit | words) } | compact
