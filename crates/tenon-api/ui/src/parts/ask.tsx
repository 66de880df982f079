import { App, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { Said } from './Said'

/** Asks for a reason before something is done that others will want to understand later. */
export function useAskWhy() {
  const { modal } = App.useApp()
  const { t } = useTranslation()
  return (title: string, text: string, options: { required?: boolean; danger?: boolean; ok: string; suggested?: string }) =>
    new Promise<string | null>((resolve) => {
      let reason = options.suggested ?? ''
      const asked = modal.confirm({
        title,
        icon: null,
        okText: options.ok,
        cancelText: t('act.cancel'),
        okButtonProps: { danger: options.danger, disabled: options.required && !reason },
        content: (
          <div className="stack" style={{ gap: 10 }}>
            <span className="quiet">{text}</span>
            <Input.TextArea
              autoFocus
              rows={3}
              maxLength={500}
              aria-label={t('why')}
              placeholder={t('why')}
              defaultValue={reason}
              // What is typed takes the place of what was suggested.
              onFocus={({ target }) => target.select()}
              onChange={(event) => {
                reason = event.target.value.trim()
                if (options.required) asked.update({ okButtonProps: { danger: options.danger, disabled: !reason } })
              }}
            />
          </div>
        ),
        onOk: () => resolve(reason),
        onCancel: () => resolve(null),
      })
    })
}

/** Says what went wrong with something that a person did. */
export function useSay() {
  const { message } = App.useApp()
  return {
    done: (text: string) => void message.success(text),
    failed: (error: unknown) => void message.error(<Said error={error} />, 6),
  }
}
