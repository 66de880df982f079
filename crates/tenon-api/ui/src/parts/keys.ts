import { useEffect, useRef } from 'react'

/** Where keys are for what stands there. */
export const TYPING = 'input, textarea, select, [role=dialog], [contenteditable=true]'
const ARROWS: Record<string, string> = { ArrowDown: 'j', ArrowUp: 'k' }

/** What keys do on a page, but where somebody types. The arrows are J and K. */
export function useKeys(acts: Record<string, () => void>) {
  const latest = useRef(acts)
  latest.current = acts
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.target as HTMLElement).closest?.(TYPING) || event.ctrlKey || event.metaKey || event.altKey) return
      const act = latest.current[ARROWS[event.key] ?? event.key]
      if (act) {
        event.preventDefault()
        act()
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
