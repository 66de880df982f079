import { expect, test } from 'vitest'
import { mappingCase } from './mappingCase'

test('quotes in values do not end the text', () => {
  expect(mappingCase('order', '{"n":"O\'Neill"}', '{"name":"x"}')).toBe(
    "- name: order as it came\n  input_json: '{\"n\":\"O''Neill\"}'\n  expect_json: '{\"name\":\"x\"}'\n",
  )
})

test('numbers stay as they are written, and lines become one', () => {
  expect(mappingCase('order', '{\n  "sum": 19.90,\n  "id": 12345678901234567890\n}', '{}')).toContain('\'{ "sum": 19.90, "id": 12345678901234567890 }\'')
})
