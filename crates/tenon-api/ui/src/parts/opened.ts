// What is open beside a list stands in the address: it comes back with the page, and Back closes it.
import { useLocation, useNavigate, useSearchParams } from 'react-router'

export function useOpened(name: string) {
  const [params, setParams] = useSearchParams()
  const location = useLocation()
  const navigate = useNavigate()
  const id = params.get(name) || undefined
  const without = () => {
    const next = new URLSearchParams(params)
    next.delete(name)
    return next
  }
  return {
    id,
    open: (id: number | string) => {
      const next = without()
      next.set(name, String(id))
      setParams(next, { state: { opened: name }, replace: params.has(name) })
    },
    close: () => {
      if (!params.has(name)) return
      // Where it was opened here, the page before is the list; who came by a link has none.
      if ((location.state as { opened?: string } | null)?.opened === name) navigate(-1)
      else setParams(without(), { replace: true })
    },
  }
}
