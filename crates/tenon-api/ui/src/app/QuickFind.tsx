import { Input, Modal } from 'antd'
import { EnterOutlined, SearchOutlined } from '@ant-design/icons'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { useFound } from './found'

/** Goes anywhere from anywhere: to a page or a connector by its name, or to whatever a key or a name is of. */
export function QuickFind({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Modal open={open} onCancel={onClose} footer={null} closable={false} width={600} destroyOnHidden title={null} style={{ top: 72 }}>
      <Finder onClose={onClose} />
    </Modal>
  )
}

function Finder({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const { kinds, asking } = useFound(text)
  const found = kinds.flatMap((kind) => kind.found)
  const chosen = Math.min(at, found.length - 1)

  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [chosen])

  function go(to: string) {
    onClose()
    navigate(to)
  }

  const moves: Record<string, number> = { ArrowDown: (chosen + 1) % found.length, ArrowUp: (chosen - 1 + found.length) % found.length, PageDown: found.length - 1, PageUp: 0 }
  return (
    <>
      <Input
        className="find-box"
        size="large"
        variant="borderless"
        autoFocus
        maxLength={200}
        prefix={<SearchOutlined className="quiet" />}
        placeholder={t('find.placeholder')}
        aria-label={t('find.placeholder')}
        role="combobox"
        aria-expanded={found.length > 0}
        aria-autocomplete="list"
        aria-controls="found"
        aria-activedescendant={found[chosen] ? `found-${found[chosen].key}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={(event) => {
          // What an input method is composing is not a command yet.
          if (event.nativeEvent.isComposing) return
          if (event.key in moves && found.length) setAt(moves[event.key]!)
          else if (event.key === 'Enter' && found[chosen]) go(found[chosen].to)
          else return
          event.preventDefault()
        }}
      />
      <div id="found" role="listbox" aria-label={t('find.results')} className="found" ref={list}>
        {kinds.map((kind) => (
          <div key={kind.key} role="group" aria-labelledby={`found-of-${kind.key}`}>
            <div id={`found-of-${kind.key}`} className="found-kind" role="presentation">{kind.label}</div>
            {kind.found.map((one) => {
              const index = found.indexOf(one)
              return (
                <div key={one.key} id={`found-${one.key}`} className="found-one" role="option" aria-selected={index === chosen} onMouseMove={() => setAt(index)} onClick={() => go(one.to)}>
                  <span className="clip">{one.label}</span>
                  <span className="grow" />
                  <span className="quiet small nowrap">{one.hint}</span>
                  {index === chosen && <EnterOutlined className="quiet" />}
                </div>
              )
            })}
          </div>
        ))}
      </div>
      <div className="found-foot quiet small">
        <span><kbd>↑</kbd> <kbd>↓</kbd> {t('find.choose')}</span>
        <span><kbd>Enter</kbd> {t('find.open')}</span>
        <span><kbd>Esc</kbd> {t('act.close')}</span>
        <span className="grow" />
        <span role="status">{asking ? t('find.asking') : ''}</span>
      </div>
    </>
  )
}
