import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { master, nameOf } from '../../api/masters'

/** Another customer by its name and code; `plain` where it is chosen and not gone to. */
export function Named({ id, plain }: { id: string; plain?: boolean }) {
  const found = useQuery({ queryKey: ['master', id], queryFn: () => master(id) })
  const name = found.data ? nameOf(found.data) : id
  return (
    <span className="row" style={{ display: 'inline-flex' }}>
      {plain ? <span className="break">{name}</span> : <Link className="break" to={`/customers/${id}`}>{name}</Link>}
      {found.data?.code && <span className="chip mono">{found.data.code}</span>}
    </span>
  )
}
