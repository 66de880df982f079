import { Button, Result } from 'antd'
import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'

/** Says what went wrong and what can be done; without an error, that there is no such page. */
export function Trouble({ error, again }: { error?: unknown; again?: () => void }) {
  const { t } = useTranslation()
  if (!error) return <Result status="404" title={t('trouble.no_page')} subTitle={t('trouble.no_page_text')} />
  const problem = error instanceof Problem ? error : new Problem(-1, 'console', String(error))
  const [title, text] =
    problem.status === 0
      ? [t('trouble.unreachable'), t('trouble.unreachable_text')]
      : problem.status === 403
        ? [t('trouble.forbidden'), problem.message]
        : problem.status === 404
          ? [t('trouble.not_found'), problem.message]
          : [t('trouble.failed'), problem.message]
  return (
    <Result
      status={problem.status === 403 ? '403' : problem.status === 404 ? '404' : 'error'}
      title={title}
      subTitle={<span className="break">{text}</span>}
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
