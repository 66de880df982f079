import { expect, test } from 'vitest'
import { mappingCase } from './mappingCase'

test('quotes in values do not end the text', () => {
  expect(mappingCase('order', { n: "O'Neill" }, { name: 'x' })).toBe(
    "- name: order as it came\n  input_json: '{\"n\":\"O''Neill\"}'\n  expect_json: '{\"name\":\"x\"}'\n",
  )
})
