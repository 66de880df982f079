import { expect, test } from 'vitest'
import rules from '../../../src/access/rules.rs?raw'

type Texts = { [key: string]: string | Texts }
const files = import.meta.glob<{ default: Texts }>('../locales/*/*.json', { eager: true })

/** Every text of a file by its path, with the plural endings of English folded together. */
function keys(texts: Texts, path = ''): string[] {
  return Object.entries(texts).flatMap(([key, text]) =>
    typeof text === 'string' ? [path + key.replace(/_(one|other)$/, '')] : keys(text, `${path}${key}.`),
  )
}

const pages = [...new Set(Object.keys(files).map((file) => file.split('/').pop()!))]

test.each(pages)('%s says the same in both languages', (page) => {
  const [en, zh] = ['en', 'zh'].map((language) => files[`../locales/${language}/${page}`]?.default)
  expect(en && zh).toBeTruthy()
  expect([...new Set(keys(zh!))].sort()).toEqual([...new Set(keys(en!))].sort())
})

test.each(pages)('%s is translated: no text of a sentence is the same in both', (page) => {
  const flat = (language: string) => {
    const walk = (texts: Texts, path = ''): [string, string][] =>
      Object.entries(texts).flatMap(([key, text]) =>
        typeof text === 'string' ? [[path + key, text] as [string, string]] : walk(text, `${path}${key}.`),
      )
    return new Map(walk(files[`../locales/${language}/${page}`]!.default))
  }
  const en = flat('en')
  const same = [...flat('zh')].filter(([key, text]) => en.get(key) === text && /[a-z]{3,} [a-z]{3,}/i.test(text))
  expect(same).toEqual([])
})

test('every action of the audit trail has a name', () => {
  const actions = [...rules.matchAll(/"([a-z_]+)\.([a-z_]+)"/g)].map(([, kind, did]) => [kind!, did!] as const)
  expect(actions.length).toBeGreaterThan(30)
  const { did, kind: kinds } = files['../locales/en/settings.json']!.default as { did: { [kind: string]: Texts }; kind: Texts }
  expect(actions.filter(([kind, done]) => !did[kind]?.[done] || !kinds[kind])).toEqual([])
})
