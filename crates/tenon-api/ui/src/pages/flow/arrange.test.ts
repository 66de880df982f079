import { expect, test } from 'vitest'
import type { Schemas } from '../../api/client'
import { arrange } from './arrange'

const half = { name: 'x', state: 'idle', per_second: 0, messages: 0 }
const system = (name: string, receive: boolean, deliver: boolean) =>
  ({ name, receive: receive ? half : null, deliver: deliver ? half : null }) as unknown as Schemas['SystemNow']

test('systems that send stand left of the hub, those that are given right of it', () => {
  const places = arrange([system('crm', true, true), system('oa', true, false), system('erp', false, true)])
  const hub = places.get('hub')!
  expect([...places.keys()].sort()).toEqual(['hub', 'in:crm', 'in:oa', 'out:crm', 'out:erp'])
  for (const [id, place] of places) {
    if (id.startsWith('in:')) expect(place.x).toBeLessThan(hub.x)
    if (id.startsWith('out:')) expect(place.x).toBeGreaterThan(hub.x)
  }
})
