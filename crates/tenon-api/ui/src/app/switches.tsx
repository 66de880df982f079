import { Dropdown, Button } from 'antd'
import { BulbOutlined, TranslationOutlined } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import { LANGUAGES, speak, type Language } from './language'
import { chooseLook, lookChoice, useLook, type LookChoice } from './theme'

const NAMES: Record<Language, string> = { en: 'English', zh: '中文' }

/** Chooses a language; `choose` is told of it, where somebody is there whose choice is kept. */
export function LanguageSwitch({ choose }: { choose?: (language: Language) => void }) {
  const { t, i18n } = useTranslation()
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        selectable: true,
        selectedKeys: [i18n.language],
        items: LANGUAGES.map((key) => ({ key, label: NAMES[key] })),
        onClick: ({ key }) => {
          void speak(key as Language)
          choose?.(key as Language)
        },
      }}
    >
      <Button type="text" icon={<TranslationOutlined />} aria-label={t('language')} title={t('language')} />
    </Dropdown>
  )
}

export function LookSwitch() {
  const { t } = useTranslation()
  useLook()
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        selectable: true,
        selectedKeys: [lookChoice()],
        items: (['system', 'light', 'dark'] as LookChoice[]).map((key) => ({ key, label: t(`look.${key}`) })),
        onClick: ({ key }) => chooseLook(key as LookChoice),
      }}
    >
      <Button type="text" icon={<BulbOutlined />} aria-label={t('look.choose')} title={t('look.choose')} />
    </Dropdown>
  )
}
