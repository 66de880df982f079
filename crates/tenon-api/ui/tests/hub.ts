// A real hub for the journeys and the pictures: a CRM that calls webhooks, and systems that take files.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const TOKEN = 'let-the-crm-in'
const API_TOKEN = 'for-the-journeys'

export interface Hub {
  url: string
  /** The link of the first administrator. */
  first: string
  post: (inlet: 'customers' | 'orders', record: unknown) => Promise<void>
  /** A canonical fact, as a system tells it under an id of its own. */
  tell: (system: string, entity: string, id: string, fact: unknown) => Promise<void>
  /** The folder of its connectors' files. */
  connectors: string
  /** What the hub answers to a program; with a body it is told something. */
  api: (path: string, body?: unknown) => Promise<any>
  stop: () => Promise<void>
}

/** What each system tells in the hub's own form, and what it is given. */
const SYSTEMS: Record<string, { tells: string[]; takes: string[] }> = {
  crm: { tells: ['customer', 'opportunity', 'case', 'interaction', 'order', 'document'], takes: [] },
  erp: { tells: ['item', 'shipment', 'invoice', 'receipt'], takes: ['customer', 'order'] },
  invoicing: { tells: [], takes: ['customer', 'invoice'] },
  drp: { tells: ['inventory', 'sell_out'], takes: ['item', 'shipment'] },
  pdm: { tells: ['item'], takes: [] },
}

/** Starts a hub; `settings` are more lines of its tenon.toml. */
export async function startHub(settings = ''): Promise<Hub> {
  const directory = mkdtempSync(join(tmpdir(), 'tenon-console-'))
  const config = join(directory, 'config')
  const connectors = join(config, 'connectors')
  mkdirSync(connectors, { recursive: true })
  const secret = (name: string, value: string) => {
    writeFileSync(join(directory, name), value)
    return `'\${file:${join(directory, name)}}'`
  }
  writeFileSync(join(config, 'tenon.toml'), `[http]\nlisten = "127.0.0.1:0"\ntoken = ${secret('api', API_TOKEN)}\n${settings}`)
  writeFileSync(join(connectors, 'customer.in.jq'), '{ legal_name: .name, tax_id: .tax, phones: [.phone // empty] }')
  writeFileSync(
    join(connectors, 'order.in.jq'),
    `{ number: .no, customer: ref($message.source; .buyer), order_date: "2026-03-01", currency: "CNY", status: "confirmed",
       lines: [{ number: 1, item: { system: "erp", native_id: "SH-100" }, quantity: "1", unit_price: (.amount | decimal), amount: (.amount | decimal) }],
       totals: { net: (.amount | decimal), tax: "0", gross: (.amount | decimal) } }`,
  )
  const auth = `auth = { token = ${secret('webhook', TOKEN)} }`
  writeFileSync(join(connectors, 'fact.in.jq'), '.fact')
  const own = `[[webhook]]\nentity = "customer"\nname = "customers"\nkey = ".id"\nmapping = "customer.in.jq"\n${auth}\n
[[webhook]]\nentity = "order"\nname = "orders"\nkey = ".no"\nmapping = "order.in.jq"\n${auth}\n`
  for (const [name, { tells, takes }] of Object.entries(SYSTEMS)) {
    for (const way of ['in', 'out']) mkdirSync(join(directory, name, way), { recursive: true })
    const told = tells.map((entity) => `[[webhook]]\nentity = "${entity}"\nname = "told-${entity}"\nkey = ".id"\nmapping = "fact.in.jq"\n${auth}\n`)
    const taken = takes.map((entity) => `[[deliver]]\nentity = "${entity}"\n`)
    writeFileSync(
      join(connectors, `${name}.toml`),
      [`name = "${name}"\nkind = "${name}"\npreset = "files"\ndirectory = "${join(directory, name)}"\nreceive = []\n${takes.length ? '' : 'deliver = []\n'}`, name === 'crm' ? own : '', ...told, ...taken].join('\n'),
    )
  }
  const binary = process.env.TENON_BINARY ?? resolve(import.meta.dirname, '../../../../target/debug/tenon')
  const child: ChildProcess = spawn(binary, ['run', '--config', config], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout!.on('data', (data) => (said += data))
  child.stderr!.on('data', (data) => (said += data))
  const post = async (address: string, record: unknown) => {
    const answer = await fetch(`${url}/in/${address}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(record),
    })
    if (answer.status !== 202) throw new Error(await answer.text())
  }
  child.once('exit', (code) => (said += `\nit ended with ${code}`))
  const begun = (pattern: RegExp) => {
    if (said.includes('it ended with')) throw new Error(said)
    return said.match(pattern)?.[0]
  }
  const url: string = await until(() => begun(/http:\/\/127\.0\.0\.1:\d+/), () => said)
  const first = await until(() => begun(/\/first#[\w-]+/), () => said)
  return {
    connectors,
    url,
    first,
    post: (inlet, record) => post(`crm/${inlet}`, record),
    tell: (system, entity, id, fact) => post(`${system}/told-${entity}`, { id, fact }),
    api: async (path, body) =>
      (await fetch(url + path, {
        method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' },
        body: body ? JSON.stringify(body) : undefined,
      })).json(),
    stop: async () => {
      const ended = new Promise((done) => child.once('exit', done))
      child.kill('SIGTERM')
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Waits until something is there. */
export async function until<T>(look: () => T | Promise<T>, why: () => string = () => '', seconds = 60): Promise<NonNullable<T>> {
  for (let tries = 0; tries < seconds * 10; tries++) {
    const found = await look()
    if (found) return found as NonNullable<T>
    await new Promise((go) => setTimeout(go, 100))
  }
  throw new Error(`it did not come: ${why()}`)
}

/** A valid unified social credit code from its first 16 characters (GB 32100-2015): what follows are the check
 * character of the organisation's code within it (GB 11714-1997) and that of the whole. */
export function taxId(first: string): string {
  const letters = '0123456789ABCDEFGHJKLMNPQRTUWXY'
  const whole = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
  const weights = [3, 7, 9, 10, 5, 8, 4, 2]
  const sum = weights.reduce((total, weight, at) => total + weight * whole.indexOf(first[8 + at]!), 0)
  const body = first + '0123456789X0'[11 - (sum % 11)]
  let check = 0
  let weight = 1
  for (const letter of body) {
    check += letters.indexOf(letter) * weight
    weight = (weight * 3) % 31
  }
  return body + letters[(31 - (check % 31)) % 31]
}
