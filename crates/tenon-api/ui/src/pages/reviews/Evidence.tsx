import { line } from '../../parts/values'

/** What speaks for and against a pair, whatever raised it: names with what they hold. */
export function Evidence({ evidence }: { evidence: unknown }) {
  if (evidence == null || typeof evidence !== 'object') return <p>{line(evidence)}</p>
  return (
    <dl className="facts small">
      {Object.entries(evidence).map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{line(value)}</dd>
        </div>
      ))}
    </dl>
  )
}
