import type { ReactNode } from 'react'

/** The head of every page: its one heading, what it is for, and what can be done on it. */
export function PageHead({ title, text, tools, crumb }: { title: ReactNode; text?: ReactNode; tools?: ReactNode; crumb?: ReactNode }) {
  return (
    <header className="page-head">
      <div>
        {crumb && <div className="crumb">{crumb}</div>}
        <h1>{title}</h1>
        {text && <p>{text}</p>}
      </div>
      {tools && <div className="tools">{tools}</div>}
    </header>
  )
}

export function Panel({ title, tools, flush, children, className }: { title?: ReactNode; tools?: ReactNode; flush?: boolean; children: ReactNode; className?: string }) {
  return (
    <section className={className ? `panel ${className}` : 'panel'}>
      {(title || tools) && (
        <div className="panel-head">
          {title && <h2>{title}</h2>}
          {tools && <span className="grow" />}
          {tools}
        </div>
      )}
      <div className={flush ? 'panel-body flush' : title ? 'panel-body' : 'panel-body stack-top'}>{children}</div>
    </section>
  )
}

/** One number that matters, with what it counts. */
export function Figure({ label, value, note, tone, href }: { label: ReactNode; value: ReactNode; note?: ReactNode; tone?: 'good' | 'wait' | 'bad'; href?: ReactNode }) {
  return (
    <div className="figure">
      <div className="label">{label}</div>
      <div className={tone ? `value ${tone}` : 'value'}>{value}</div>
      {note && <div className="note">{note}</div>}
      {href}
    </div>
  )
}
