import { Modal } from 'antd'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { isForPage } from '../parts/keys'
import { PAGES } from './pages'

/** How long after G the letter of a page may follow. */
const WAIT = 1_500

/** The keys that work on every page: finding, the sheet of keys, and G with the letter of a page. */
export function useShellKeys({ find, sheet, go }: { find: () => void; sheet: () => void; go: (path: string) => void }) {
  const acts = useRef({ find, sheet, go })
  acts.current = { find, sheet, go }
  useEffect(() => {
    // Of G; long ago where there was none: the page itself may be younger than the wait.
    let began = -WAIT
    const onKey = (event: KeyboardEvent) => {
      const done = () => {
        event.preventDefault()
        // It is no key of the page besides.
        event.stopImmediatePropagation()
      }
      if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
        done()
        return acts.current.find()
      }
      if (!isForPage(event)) return
      const following = performance.now() - began < WAIT
      began = -WAIT
      const page = following && PAGES.find((page) => page.letter === event.key)
      if (page) {
        done()
        acts.current.go(page.path)
      } else if (event.key === 'g') {
        done()
        began = performance.now()
      } else if (event.key === '/') {
        done()
        acts.current.find()
      } else if (event.key === '?') {
        done()
        acts.current.sheet()
      }
    }
    // Before the keys of a page.
    window.addEventListener('keydown', onKey, true)
    return () => window.removeEventListener('keydown', onKey, true)
  }, [])
}

/** Every key that does something, on one sheet. */
export function Keys({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const row = (keys: string[], text: string) => (
    <div key={text} className="keys-row">
      <dt>{keys.map((key, at) => (key === '…' ? ' … ' : <kbd key={at}>{key}</kbd>))}</dt>
      <dd>{text}</dd>
    </div>
  )
  return (
    <Modal open={open} onCancel={onClose} footer={null} width={720} title={t('keys.title')} destroyOnHidden>
      <div className="keys-sheet">
        <section>
          <h3 className="label">{t('keys.everywhere')}</h3>
          <dl>
            {row(['/'], t('keys.find'))}
            {row(['Ctrl', 'K'], t('keys.find_typing'))}
            {row(['?'], t('keys.sheet'))}
            {row(['Esc'], t('keys.close'))}
            {row(['Tab'], t('keys.next'))}
          </dl>
          <h3 className="label">{t('keys.queues')}</h3>
          <dl>
            {row(['J', '↓'], t('keys.down'))}
            {row(['K', '↑'], t('keys.up'))}
            {row(['S'], t('keys.same'))}
            {row(['D'], t('keys.apart'))}
            {row(['1', '…', '9'], t('keys.which'))}
            {row(['R'], t('keys.reveal'))}
            {row(['Z', 'U'], t('keys.undo'))}
          </dl>
        </section>
        <section>
          <h3 className="label">{t('keys.go')}</h3>
          <dl>{PAGES.filter((page) => page.letter).map((page) => row(['G', page.letter!.toUpperCase()], t(`nav.${page.key}`)))}</dl>
        </section>
      </div>
    </Modal>
  )
}
