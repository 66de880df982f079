# Canonical document → a page of the knowledge base. The files stay where they are.
{
  id: ($message.target_id // .number),
  title,
  revision,
  kind,
  files: [.files[]? | .url]
}
| compact
