import { useEffect, useRef } from 'react'

/** Where keys are for what stands there. */
const TYPING = 'input, textarea, select, [role=dialog], [contenteditable=true]'
const ARROWS: Record<string, string> = { ArrowDown: 'j', ArrowUp: 'k' }

/** Whether a key is for the page: nobody types, and no dialog is before it, wherever the focus is. */
export function isForPage(event: KeyboardEvent): boolean {
  if ((event.target as HTMLElement).closest?.(TYPING) || event.ctrlKey || event.metaKey || event.altKey) return false
  return ![...document.querySelectorAll('[role=dialog]')].some((dialog) => dialog.getClientRects().length > 0)
}

/** What keys do on a page, but where somebody types. The arrows are J and K. */
export function useKeys(acts: Record<string, () => void>) {
  const latest = useRef(acts)
  latest.current = acts
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!isForPage(event)) return
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
