import { Button, Result } from 'antd'
import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import { useWords } from './Said'

/** Says what went wrong and what can be done; without an error, that there is no such page. */
export function Trouble({ error, again }: { error?: unknown; again?: () => void }) {
  const { t } = useTranslation()
  const words = useWords({ later: true })
  if (!error) return <Result status="404" title={<h1>{t('trouble.no_page')}</h1>} subTitle={t('trouble.no_page_text')} />
  const { status, code, message } = Problem.of(error)
  return (
    <Result
      status={status === 403 ? '403' : status === 404 ? '404' : 'error'}
      title={words(code)}
      subTitle={<span className="break">{status === 0 ? t('trouble.unreachable_text') : message}</span>}
      extra={again && <Button onClick={again}>{t('trouble.again')}</Button>}
    />
  )
}

/** Keeps a page that fails from taking the rest of the console with it. */
export class Fence extends Component<{ children: ReactNode; resetBy: string }, { error?: unknown }> {
  state: { error?: unknown } = {}

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  componentDidUpdate(before: { resetBy: string }) {
    if (before.resetBy !== this.props.resetBy && this.state.error) this.setState({ error: undefined })
  }

  render() {
    if (!this.state.error) return this.props.children
    return <Trouble error={this.state.error} again={() => this.setState({ error: undefined })} />
  }
}
