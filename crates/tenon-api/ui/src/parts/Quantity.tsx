import { useFormat } from './format'

/** A quantity as people read it, with what it counts. */
export function Quantity({ value, unit }: { value?: string | null; unit?: string | null }) {
  const { number } = useFormat()
  if (value == null) return <span className="quiet">–</span>
  return <span className="number">{number(Number(value))}{unit && <span className="quiet small"> {unit}</span>}</span>
}
