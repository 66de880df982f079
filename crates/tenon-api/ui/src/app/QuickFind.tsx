import { Input, Modal } from 'antd'
import { EnterOutlined, SearchOutlined } from '@ant-design/icons'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { PAGES } from './pages'

/** Goes anywhere from anywhere: to a page by its name, or to whatever a key names. */
export function QuickFind({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  useEffect(() => {
    if (open) setText('')
  }, [open])

  const wanted = text.trim()
  const matching = PAGES.filter(
    (page) => !page.under && t(`nav.${page.key}`).toLowerCase().includes(wanted.toLowerCase()),
  ).map((page) => ({ key: page.key, label: t(`nav.${page.key}`), to: page.path, hint: t(`group.${page.group}`) }))
  const key = encodeURIComponent(wanted)
  const found = [
    ...(wanted
      ? [
          { key: 'trace', label: t('find.trace', { key: wanted }), to: `/trace/${key}`, hint: t('nav.trace') },
          { key: 'customers', label: t('find.customer', { key: wanted }), to: `/customers?q=${key}`, hint: t('nav.customers') },
        ]
      : []),
    ...matching,
  ]
  const chosen = Math.min(at, found.length - 1)

  function go(to: string) {
    onClose()
    navigate(to)
  }

  return (
    <Modal open={open} onCancel={onClose} footer={null} closable={false} width={560} destroyOnHidden title={null}>
      <Input
        size="large"
        variant="borderless"
        autoFocus
        prefix={<SearchOutlined className="quiet" />}
        placeholder={t('find.placeholder')}
        aria-label={t('find.placeholder')}
        role="combobox"
        aria-expanded
        aria-controls="found"
        aria-activedescendant={found[chosen] ? `found-${found[chosen].key}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, found.length - 1))
          else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0))
          else if (event.key === 'Enter' && found[chosen]) go(found[chosen].to)
          else return
          event.preventDefault()
        }}
      />
      <ul id="found" role="listbox" aria-label={t('find.results')} className="found">
        {found.map((one, index) => (
          <li
            key={one.key}
            id={`found-${one.key}`}
            role="option"
            aria-selected={index === chosen}
            onMouseEnter={() => setAt(index)}
            onClick={() => go(one.to)}
          >
            <span>{one.label}</span>
            <span className="grow" />
            <span className="quiet small">{index === chosen ? <EnterOutlined /> : one.hint}</span>
          </li>
        ))}
      </ul>
    </Modal>
  )
}
