/** How one text becomes another, line by line: what goes with `-`, what comes with `+`. */
export function Difference({ text, label }: { text: string; label: string }) {
  const tone = (line: string) => (line.startsWith('+') ? 'good' : line.startsWith('-') ? 'bad' : line.startsWith('@@') ? 'info' : undefined)
  return (
    <pre className="code difference" role="region" aria-label={label} tabIndex={0}>
      {text.trimEnd().split('\n').map((line, at) => (
        <span key={at} className={tone(line)}>{line || ' '}{'\n'}</span>
      ))}
    </pre>
  )
}
