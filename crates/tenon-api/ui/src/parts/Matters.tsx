export interface Matter { key: string; label: string; count: string; tone?: string; note?: string }

/** How many stand how: each is a way to see those alone. */
export function Matters({ matters, chosen, choose }: { matters: Matter[]; chosen: string; choose: (key: string) => void }) {
  return (
    <div className="matters">
      {matters.map(({ key, label, count, tone, note }) => (
        <button key={key} type="button" className="matter" aria-pressed={key === chosen} onClick={() => choose(key)}>
          <span className="label">{label}</span>
          <span className={tone ? `number ${tone}` : 'number'}>{count}</span>
          {note !== undefined && <span className="number small quiet">{note}</span>}
        </button>
      ))}
    </div>
  )
}
