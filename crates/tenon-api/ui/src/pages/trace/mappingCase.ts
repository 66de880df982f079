/** A message as a mapping case, to be put into the YAML file beside the mapping. Of JSON texts, so that each
 * number stays as it is written. */
export function mappingCase(entity: string, raw: string, canonical: string): string {
  // Lines of a YAML text have to be indented; JSON holds none within its own texts.
  const text = (json: string) => `'${json.replaceAll(/\s*\n\s*/g, ' ').replaceAll("'", "''")}'`
  return `- name: ${entity} as it came\n  input_json: ${text(raw)}\n  expect_json: ${text(canonical)}\n`
}
