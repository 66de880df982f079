import { useSearchParams } from 'react-router'
import { Contracts } from './Contracts'
import { OrdersPage } from './Orders'
import './reconciliation.css'

/** Whether what was agreed was ordered, and what was ordered shipped, billed and paid; what is missing since when. */
export default function Reconciliation() {
  const [query] = useSearchParams()
  return query.get('view') === 'contracts' ? <Contracts /> : <OrdersPage />
}
