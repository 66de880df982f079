// Puts texts into the clipboard, over plain HTTP too, where browsers have no clipboard for pages.
import { App } from 'antd'
import { useTranslation } from 'react-i18next'

/** Whether the text is in the clipboard now. */
export async function copied(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text)
      return true
    }
  } catch {
    // A browser that asks its user may be told no; the older way may still be open.
  }
  const area = document.createElement('textarea')
  area.value = text
  area.setAttribute('readonly', '')
  area.style.position = 'fixed'
  area.style.opacity = '0'
  // Beside what has the focus: a dialog lets nothing outside of it be selected.
  const focused = document.activeElement
  ;(focused?.parentElement ?? document.body).append(area)
  area.select()
  try {
    return document.execCommand?.('copy') ?? false
  } finally {
    area.remove()
    if (focused instanceof HTMLElement) focused.focus()
  }
}

/** Copies, and says what became of it. */
export function useCopy() {
  const { message } = App.useApp()
  const { t } = useTranslation()
  return async (text: string, done?: string) => {
    if (await copied(text)) void message.success(done ?? t('copied'))
    else void message.warning(t('not_copied'), 6)
  }
}
