// Every code by which the hub says that something does not work has words in both languages.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import en from '../locales/en/codes.json'
import zh from '../locales/zh/codes.json'

const CRATES = resolve(import.meta.dirname, '../../../..')
/** What is chosen here are the names of actions, alerts, columns and points to fail at. */
const OTHER = /(access\/rules|alerts|fail_point)\.rs$|tenon-store\/src\/insight\//

/** The sources of a crate, without tests and comments. */
function sources(crate: string): [string, string][] {
  const folder = join(CRATES, crate, 'src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.rs') && !/(^|\/)tests(\.rs$|\/)/.test(file))
  return files.map((file) => {
    const [text = ''] = readFileSync(join(folder, file), 'utf8').split(/^#\[cfg\(test\)\]\nmod /m)
    return [`${crate}/src/${file}`, text.replace(/^\s*\/\/.*$/gm, '')]
  })
}

const CODE = '"([a-z_]+\\.[a-z_]+)"'
/** How codes are given. */
const GIVEN = [
  // To a problem or a failure, by its kind or with it; a problem may have one word.
  new RegExp(`(?:Problem|Failure|Self)::(?:new|transient|invalid|configuration|bug)\\(\\s*(?:[\\w:]+,\\s*)?${CODE}`, 'g'),
  /(?:Problem|Self)::new\(\s*(?:StatusCode::\w+|status),\s*"([a-z_]+)"/g,
  // To a command that is refused, and to a mapping that fails.
  new RegExp(`(?:refuse(?:::<[^>]*>)?|\\.failure)\\(\\s*${CODE}`, 'g'),
]
/** How they are chosen among several, or kept by name. */
const CHOSEN = [
  new RegExp(`=>\\s*\\(?(?:FailureKind::\\w+,\\s*)?${CODE}`, 'g'),
  new RegExp(`(?:: &str =|code:|Cow::Borrowed\\()\\s*${CODE}`, 'g'),
  // What waits behind another.
  /ParkedState::Behind,\s*None,\s*"([a-z_.]+)"/g,
]

const given = new Map<string, string>()
for (const [file, text] of ['api', 'pipeline', 'connector', 'core', 'master', 'store'].flatMap((name) => sources(`tenon-${name}`))) {
  for (const form of OTHER.test(file) ? GIVEN : [...GIVEN, ...CHOSEN]) for (const [, code] of text.matchAll(form)) given.set(code!, file)
  // What is looked for by its number: `unknown("redrive", id)`.
  if (file.startsWith('tenon-api')) for (const [, what] of text.matchAll(/\b(?:unknown|number)\("([a-z_]+)"/g)) given.set(`${what}.unknown`, file)
}

type Words = Record<string, Record<string, string>>

test('the codes of the sources are found', () => {
  expect(given.size).toBeGreaterThan(180)
  for (const code of ['store', 'redrive.unknown', 'access.role', 'connector.untold', 'merge.contradiction', 'schema.violation', 'http.timeout', 'mapping.deadline', 'bom.phantom', 'reference.unknown', 'item.doubtful', 'dependency.link', 'message.resent', 'lane.behind']) expect(given.get(code), code).toBeDefined()
})

test.each([['en', en], ['zh', zh]] as [string, Words][])('every code has words in %s: its own, or those of its first word', (_, words) => {
  const without = [...given].filter(([code]) => {
    const [first, rest = 'any'] = code.split('.') as [string, string?]
    return !words[first]?.[rest] && !words[first]?.any
  })
  expect(without).toEqual([])
})

test('no words are kept for a code that nobody gives', () => {
  // What the console says of itself, and of an answer that it cannot read.
  const own = ['answer', 'console']
  const kept = Object.entries(en as Words).flatMap(([first, rest]) => Object.keys(rest).map((key) => [first, key] as const))
  const firsts = new Set([...given.keys()].map((code) => code.split('.')[0]))
  expect(kept.filter(([first, key]) => (key === 'any' ? !firsts.has(first) && !own.includes(first) : !given.has(`${first}.${key}`)))).toEqual([])
})
