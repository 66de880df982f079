// A real hub with two systems, for the journeys: a CRM that calls webhooks, an ERP that takes files.
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
  api: (path: string) => Promise<any>
  stop: () => Promise<void>
}

export async function startHub(): Promise<Hub> {
  const directory = mkdtempSync(join(tmpdir(), 'tenon-console-'))
  const config = join(directory, 'config')
  const connectors = join(config, 'connectors')
  mkdirSync(connectors, { recursive: true })
  mkdirSync(join(directory, 'erp'))
  const secret = (name: string, value: string) => {
    writeFileSync(join(directory, name), value)
    return `'\${file:${join(directory, name)}}'`
  }
  writeFileSync(join(config, 'tenon.toml'), `[http]\nlisten = "127.0.0.1:0"\ntoken = ${secret('api', API_TOKEN)}\n`)
  writeFileSync(join(connectors, 'customer.in.jq'), '{ legal_name: .name, tax_id: .tax, phones: [.phone // empty] }')
  writeFileSync(
    join(connectors, 'order.in.jq'),
    `{ number: .no, customer: ref($message.source; .buyer), order_date: "2026-03-01", currency: "CNY", status: "confirmed",
       lines: [{ number: 1, description: "shaver", quantity: "1", unit_price: (.amount | decimal), amount: (.amount | decimal) }],
       totals: { net: (.amount | decimal), tax: "0", gross: (.amount | decimal) } }`,
  )
  const auth = `auth = { token = ${secret('webhook', TOKEN)} }`
  writeFileSync(
    join(connectors, 'crm.toml'),
    `name = "crm"\nkind = "crm"\npreset = "files"\ndirectory = "${join(directory, 'crm')}"\n
[[webhook]]\nentity = "customer"\nname = "customers"\nkey = ".id"\nmapping = "customer.in.jq"\n${auth}\n
[[webhook]]\nentity = "order"\nname = "orders"\nkey = ".no"\nmapping = "order.in.jq"\n${auth}\n`,
  )
  mkdirSync(join(directory, 'crm'))
  writeFileSync(
    join(connectors, 'erp.toml'),
    `name = "erp"\nkind = "erp"\npreset = "files"\ndirectory = "${join(directory, 'erp')}"\n
[[deliver]]\nentity = "customer"\n\n[[deliver]]\nentity = "order"\n`,
  )
  const binary = process.env.TENON_BINARY ?? resolve(import.meta.dirname, '../../../../target/debug/tenon')
  const child: ChildProcess = spawn(binary, ['run', '--config', config], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout!.on('data', (data) => (said += data))
  child.stderr!.on('data', (data) => (said += data))
  const url = await until(() => said.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0], () => said)
  const first = await until(() => said.match(/\/first#[\w-]+/)?.[0], () => said)
  return {
    url,
    first,
    post: async (inlet, record) => {
      const answer = await fetch(`${url}/in/crm/${inlet}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify(record),
      })
      if (answer.status !== 202) throw new Error(await answer.text())
    },
    api: async (path) => (await fetch(url + path, { headers: { authorization: `Bearer ${API_TOKEN}` } })).json(),
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

/** A valid unified social credit code from its first 17 characters (GB 32100-2015). */
export function taxId(first: string): string {
  const letters = '0123456789ABCDEFGHJKLMNPQRTUWXY'
  let check = 0
  let weight = 1
  for (const letter of first) {
    check += letters.indexOf(letter) * weight
    weight = (weight * 3) % 31
  }
  return first + letters[(31 - (check % 31)) % 31]
}
