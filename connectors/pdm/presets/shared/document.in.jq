# A document of the PDM → canonical document. PARTS names the parts that it is about, FILES where its files are.
def words: if . == null then null else (tostring | blank) end;
def rows: if . == null then [] elif type == "string" then (blank // "[]" | fromjson) else . end;
{
  number: (.DOC_NO | words),
  title: (.TITLE | words),
  kind: (.TYPE | lookup("document_kind"; "other")),
  revision: (.REV | words),
  status: (.STATE | lookup("document_state")),
  confidentiality: (.CLASS | lookup("document_class"; "internal")),
  summary: (.ABSTRACT | words),
  author: (.AUTHOR | words),
  released_at: (.RELEASED_AT | words | if . == null then null else datetime_in("%Y-%m-%d %H:%M:%S"; "Asia/Shanghai") end),
  items: [(.PARTS | words // "") | split(";")[] | blank | select(. != null) | ref($message.source)],
  files: [
    (.FILES | rows)[]
    | { name: (.NAME | words), url: (.URL | words), media_type: (.TYPE | words), sha256: (.SHA256 | words) }
  ]
}
| compact
