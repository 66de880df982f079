import { useState } from 'react'

/** How often what waits for a person is asked for anew: others decide, too. */
export const EVERY = 10_000

/** Which one of those that wait, in the order of their ids, is looked at: the same while others come and go,
 * and the next one once it is gone. */
export function useChosen<T extends { id: number }>(waiting: T[]) {
  const [id, show] = useState(0)
  const next = waiting.findIndex((one) => one.id >= id)
  const at = next < 0 ? waiting.length - 1 : next
  const chosen = waiting[at]
  if (chosen && chosen.id !== id) show(chosen.id)
  return {
    chosen,
    at,
    /** Looks at the one in this place, or at the nearest that there is. */
    choose: (place: number) => show(waiting[Math.min(Math.max(place, 0), waiting.length - 1)]?.id ?? id),
    /** Looks at the one of this id, which the list has by now. */
    show,
  }
}
