/** A message as a mapping case, to be put into the YAML file beside the mapping. JSON texts, so that each
 * number stays as it is written. */
export function mappingCase(entity: string, raw: unknown, canonical: unknown): string {
  const text = (value: unknown) => `'${JSON.stringify(value).replaceAll("'", "''")}'`
  return `- name: ${entity} as it came\n  input_json: ${text(raw)}\n  expect_json: ${text(canonical)}\n`
}
