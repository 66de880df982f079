import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'

/** A code of the hub in a few words: its own, or those of its first word; a code without any is itself. Where it comes
 * `later`, upon something that a person did, what is shown does not vanish while the words are fetched. */
export function useWords({ later = false } = {}) {
  const { t, ready } = useTranslation('codes', { useSuspense: !later })
  const { t: common } = useTranslation()
  return (code: string): string => {
    // Words that would have to be fetched from a hub that does not answer.
    if (code === 'network') return common('trouble.unreachable')
    if (!ready) return common('trouble.failed')
    const [first] = code.split('.')
    return t([...(code === first ? [] : [code]), `${first}.any`], { defaultValue: code })
  }
}

/** What went wrong: what it is called in the reader's language, and beneath it what the hub says of it. */
export function Said({ error }: { error: unknown }) {
  const words = useWords({ later: true })
  const { code, message } = Problem.of(error)
  return (
    <span className="failure">
      <b>{words(code)}</b>
      {message && <span className="break">{message}</span>}
    </span>
  )
}

/** Why something stands or failed: what its code is called in the reader's language, and what was said of it. */
export function Reason({ code, text }: { code: string; text: string }) {
  const words = useWords()
  return <span className="break">{code && <b>{words(code)}: </b>}{text}</span>
}
