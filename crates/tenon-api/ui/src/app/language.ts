// Which language the console speaks. Texts lie in `src/locales/<language>/<page>.json`: one file a
// page, loaded with it; `common` is what every page needs.
import i18next, { type ReadCallback } from 'i18next'
import { initReactI18next } from 'react-i18next'
import dayjs from 'dayjs'
import 'dayjs/locale/zh-cn'

export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]

const KEPT_AS = 'tenon.language'
const texts = import.meta.glob<{ default: object }>('../locales/*/*.json')

function preferred(): Language {
  const kept = localStorage.getItem(KEPT_AS)
  if (kept === 'en' || kept === 'zh') return kept
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith('zh')) ? 'zh' : 'en'
}

function tellDocument(language: string) {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  dayjs.locale(language === 'zh' ? 'zh-cn' : 'en')
}

/** Chooses the language of the person, or of the browser, and begins to load its texts. */
export function startLanguages() {
  const language = preferred()
  tellDocument(language)
  i18next
    .use({
      type: 'backend' as const,
      read(language: string, page: string, tell: ReadCallback) {
        const load = texts[`../locales/${language}/${page}.json`]
        if (!load) return tell(new Error(`no texts ${language}/${page}`), null)
        load().then(
          (found) => tell(null, found.default as never),
          (error) => tell(error, null),
        )
      },
    })
    .use(initReactI18next)
    .init({
      lng: language,
      fallbackLng: 'en',
      load: 'currentOnly',
      ns: ['common'],
      defaultNS: 'common',
      interpolation: { escapeValue: false },
      react: { useSuspense: true },
    })
}

/** Speaks another language from now on. */
export async function speak(language: Language) {
  localStorage.setItem(KEPT_AS, language)
  await i18next.changeLanguage(language)
  tellDocument(language)
}
