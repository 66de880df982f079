// Who is signed in, and what that person may do. The hub decides; this only spares people buttons
// that would be refused.
import { createContext, use, type ReactNode } from 'react'
import { useQuery } from '@tanstack/react-query'
import { presence } from '../api/idle'
import { Problem } from '../api/problem'
import { queries } from '../api/client'
import { LANGUAGES, speak } from '../app/language'

export const ROLES = ['viewer', 'operator', 'steward', 'administrator'] as const
export type Role = (typeof ROLES)[number]

export interface Session {
  user: string
  display_name?: string | null
  role: Role
  permissions: string[]
  /** The systems that the person may see; none named: all. */
  systems?: string[] | null
  /** The language that the person chose, on whatever machine. */
  language?: string | null
}

export const SESSION_KEY = ['session']

async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  const response = await fetch(path, {
    method,
    headers: { 'X-Tenon-CSRF': '1', ...presence(), ...(body ? { 'Content-Type': 'application/json' } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  }).catch((error: unknown) => {
    throw new Problem(0, 'network', String(error))
  })
  if (!response.ok) throw await Problem.from(response)
  return response
}

/** Speaks the language of who is there. */
function heard(session: Session): Session {
  const language = LANGUAGES.find((known) => known === session.language)
  if (language) void speak(language)
  return session
}

/** The session, or null where nobody is signed in. */
async function current(): Promise<Session | null> {
  try {
    return heard((await (await ask('GET', '/api/v1/session')).json()) as Session)
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) return null
    // `npm run dev` against a hub whose token the proxy shows: there is no session, and none is needed.
    if (import.meta.env.DEV && problem instanceof Problem && problem.status === 404) {
      return { user: 'developer', role: 'administrator', permissions: ['see', 'operate', 'decide', 'reveal', 'administer'] }
    }
    throw problem
  }
}

export function useCurrentSession() {
  return useQuery({ queryKey: SESSION_KEY, queryFn: current, staleTime: 60_000, retry: 1 })
}

/** Another person is there, or nobody: what the one before had been shown is forgotten. The session itself is
 * replaced and not removed, so that whoever watches it is told. */
function become(session: Session | null) {
  queries.setQueryData(SESSION_KEY, session)
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] })
}

export async function signIn(user: string, password: string) {
  const session = (await (await ask('POST', '/api/v1/session', { user, password })).json()) as Session
  become(heard(session))
}

export async function signInFirst(token: string, user: string, password: string) {
  const session = (await (await ask('POST', '/api/v1/session/first', { token, user, password })).json()) as Session
  become(heard(session))
}

/** Keeps the language with the account, so that it is spoken on every machine. */
export async function keepLanguage(language: string) {
  // A console that a token shows has nobody whose choice could be kept.
  await ask('PATCH', '/api/v1/session', { language }).catch(() => undefined)
}

/** Ends the session. Where the hub does not answer it goes on, and whoever asked has to know. */
export async function signOut() {
  await ask('DELETE', '/api/v1/session').catch((error) => {
    if (!(error instanceof Problem && error.status === 401)) throw error
  })
  become(null)
}

const Present = createContext<Session | null>(null)

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  return <Present value={session}>{children}</Present>
}

/** The person at the console. Only within the signed-in part of it. */
export function useSession(): Session {
  const session = use(Present)
  if (!session) throw new Error('nobody is signed in here')
  return session
}

/** Whether the person may do such a thing at all, as the hub says it of the role. */
export function useMay(what: 'operate' | 'decide' | 'reveal' | 'administer'): boolean {
  return useSession().permissions.includes(what)
}
