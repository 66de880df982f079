// The hub's API, typed by its own OpenAPI document: what the document does not have does not compile.
import createClient, { type Middleware } from 'openapi-fetch'
import createQueryClient from 'openapi-react-query'
import { QueryClient } from '@tanstack/react-query'
import type { components, paths } from './schema'
import { presence } from './idle'
import { Problem } from './problem'

export type Schemas = components['schemas']

/** Called when the hub no longer knows who we are. */
let onSignedOut: () => void = () => {}
export function whenSignedOut(act: () => void) {
  onSignedOut = act
}

/** What the hub answers when it does not know, or no longer, who asks. */
const ENDED = ['access.required', 'access.ended', 'access.token']

const manners: Middleware = {
  onRequest({ request }) {
    // A form of another site cannot send this header, so the hub knows that the request is ours.
    if (request.method !== 'GET' && request.method !== 'HEAD') request.headers.set('X-Tenon-CSRF', '1')
    for (const [name, value] of Object.entries(presence())) request.headers.set(name, value)
    return request
  },
  async onResponse({ response }) {
    if (response.ok) return undefined
    const problem = await Problem.from(response)
    // A password that is wrong is refused with 401 too, and ends nothing.
    if (response.status === 401 && ENDED.includes(problem.code)) onSignedOut()
    throw problem
  },
  onError({ error }) {
    return new Problem(0, 'network', String(error))
  },
}

export const api = createClient<paths>({ baseUrl: window.location.origin })
api.use(manners)

/** The same client as queries: `hub.useQuery('get', '/api/v1/parked', …)`. */
export const hub = createQueryClient(api)

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      // Another try helps against a hub that restarts, not against a question that it refuses.
      retry: (failures, error) =>
        failures < 2 && (!(error instanceof Problem) || error.status === 0 || error.status >= 500),
    },
  },
})
