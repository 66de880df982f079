import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { useKeys } from './keys'

/** How long one may think better of what was just done, in seconds. */
const LASTS = 10
const KEY = 'undo'

/** What undoes the latest that was done. One for the whole console: it outlives the page on which it was done. */
let latest: (() => void) | undefined

/** Offers for some seconds to undo what was just done: by a button, and by the keys Z and U. */
export function useUndo() {
  const { notification } = App.useApp()
  const { t } = useTranslation()
  const take = () => {
    const undo = latest
    latest = undefined
    notification.destroy(KEY)
    undo?.()
  }
  useKeys({ z: take, u: take })
  return (done: string, undo: () => void) => {
    latest = undo
    notification.success({
      key: KEY,
      title: done,
      // Where it covers nothing that is decided by.
      placement: window.matchMedia('(max-width: 900px)').matches ? 'top' : 'bottomLeft',
      duration: LASTS,
      role: 'status',
      actions: <Button size="small" onClick={take}>{t('act.undo')} <kbd>Z</kbd></Button>,
      onClose: () => {
        latest = undefined
      },
    })
  }
}
