// What goes on between the systems, as operators watch it all day: edges, halves, mappings, dead letters.
import AxeBuilder from '@axe-core/playwright'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHub, taxId, until, type Hub } from './hub'
import { Visitor } from './visitor'

let hub: Hub
let visitor: Visitor
let page: Page
let told = 0

const half = async (system: string, side: 'receive' | 'deliver') => {
  const one = await hub.api(`/api/v1/connectors/${system}`)
  return side === 'deliver' ? one.deliver : one.receives[0].now
}

/** The colour of an edge as it is drawn, and that of a tone as the look has it. */
const stroke = (edge: string) => page.locator(`[data-id="${edge}"] .flow-edge`).evaluate((path) => getComputedStyle(path).stroke)
const colour = (tone: string) =>
  page.evaluate((name) => {
    const one = document.body.appendChild(document.createElement('i'))
    one.style.color = `var(--${name})`
    const found = getComputedStyle(one).color
    one.remove()
    return found
  }, tone)

/** One more customer, of whom ERP and invoicing are told. */
async function tell() {
  const number = String(told++).padStart(2, '0')
  await hub.post('customers', { id: `F-${number}`, name: `杭州${number}号电器有限公司`, tax: taxId(`91330100MA2A${number}00`.padEnd(16, '0')), phone: '0571-8800' + number })
}

async function picture(name: string) {
  if (process.env.LOOKS) await page.screenshot({ path: join(process.env.LOOKS, `${name}.png`) })
}

beforeAll(async () => {
  hub = await startHub('[alerts]\nevery = "1s"\nstalled_for = "1s"\n')
  // The mapping gives what the case expects, though that is no valid customer.
  writeFileSync(
    join(hub.connectors, 'customer.in.test.yaml'),
    `- name: a customer with a telephone
  input: { name: 上海一号, tax: "1", phone: "021-1" }
  expect: { legal_name: 上海一号, tax_id: "1", phones: ["021-1"] }
`,
  )
  visitor = await Visitor.come()
  page = visitor.page
  await visitor.beFirst(hub)
})

afterAll(async () => {
  await visitor?.leave()
  await hub?.stop()
})

test('edges are green while messages flow, and the webhook tells what it took', async () => {
  await page.goto(`${hub.url}/flow`)
  await page.locator('.flow-canvas').waitFor()
  const flows = until(async () => {
    await tell()
    return (await stroke('r:crm')) === (await colour('good')) && (await stroke('d:erp')) === (await colour('good'))
  })
  await flows
  await picture('flow-light')
  expect(await stroke('d:erp')).not.toBe(await colour('idle'))
  await page.locator('[data-edge="crm/receive"]').getByRole('link', { name: /from crm: its messages/ }).waitFor()
  const crm = await half('crm', 'receive')
  expect(crm.messages).toBeGreaterThan(0)
  expect(Date.parse(crm.last_success)).toBeGreaterThan(0)
  expect(visitor.complaints).toEqual([])
})

test('the panel of a system stands in the address, and leads to its messages', async () => {
  await page.goto(`${hub.url}/flow?system=crm`)
  const panel = page.getByRole('dialog')
  await panel.getByText('Last success').waitFor()
  await page.keyboard.press('Escape')
  await page.waitForURL(`${hub.url}/flow`)
  await page.goto(`${hub.url}/flow?system=crm`)
  await panel.getByRole('button', { name: 'Messages from it' }).click()
  await page.waitForURL(/\/messages\?source=crm/)
  expect(visitor.complaints).toEqual([])
})

test('one half is paused and resumed, and the other goes on', async () => {
  await page.goto(`${hub.url}/connectors/erp`)
  await page.getByRole('button', { name: 'Pause: To it' }).click()
  await page.getByLabel('Why? Others will read it later.').fill('stock-taking')
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
  await page.getByText('stock-taking').first().waitFor()
  await until(async () => (await half('erp', 'deliver')).state === 'paused')
  expect((await hub.api('/api/v1/connectors/erp')).pauses.map((pause: { half: string }) => pause.half)).toEqual(['deliver'])
  expect((await half('erp', 'deliver')).failing).toBe(false)
  await page.getByRole('button', { name: 'Pause: From it' }).waitFor()
  await page.goto(`${hub.url}/flow`)
  await page.locator('.flow-canvas').waitFor()
  await until(async () => (await stroke('d:erp')) === (await colour('info')))
  await picture('flow-paused')
  await page.goto(`${hub.url}/connectors/erp`)
  await page.getByRole('button', { name: 'Resume: To it' }).click()
  await page.getByRole('button', { name: 'Pause: To it' }).waitFor()
  await until(async () => (await half('erp', 'deliver')).state !== 'paused')
  await page.getByRole('button', { name: 'Probe' }).click()
  await page.getByText('It answers as it should').waitFor()
  expect(visitor.complaints).toEqual([])
})

test('an edge turns red when its target fails, says why, and recovers', async () => {
  // Where its folder is to be stands a file.
  const folder = join(hub.connectors, '../../invoicing')
  renameSync(folder, `${folder}.away`)
  writeFileSync(folder, 'in the way')
  await page.goto(`${hub.url}/flow`)
  await page.locator('.flow-canvas').waitFor()
  await tell()
  await until(async () => (await stroke('d:invoicing')) === (await colour('bad')))
  await page.locator('[data-edge="invoicing/deliver"] .bad').first().waitFor()
  await picture('flow-failing')
  const failing = await half('invoicing', 'deliver')
  expect(failing.failing).toBe(true)
  expect(failing.last_error.reason).toBe(failing.reason)
  await page.goto(`${hub.url}/connectors`)
  await page.getByRole('row', { name: /invoicing/ }).getByText('Last error').waitFor()
  await picture('connectors')
  await page.goto(`${hub.url}/`)
  await page.getByText('Alerts that stand').waitFor()
  await picture('overview-alert')
  await page.getByRole('link', { name: 'invoicing/deliver' }).click()
  await page.waitForURL(`${hub.url}/connectors/invoicing`)
  rmSync(folder)
  renameSync(`${folder}.away`, folder)
  await page.goto(`${hub.url}/flow`)
  await page.locator('.flow-canvas').waitFor()
  await until(async () => (await stroke('d:invoicing')) !== (await colour('bad')))
  await until(async () => (await hub.api('/api/v1/alerts')).items.length === 0)
  await until(async () => Date.parse((await half('invoicing', 'deliver')).last_success) > Date.parse(failing.last_error.at))
  expect(visitor.complaints).toEqual([])
})

test('a mapping is tried with its case and with a message that came', async () => {
  await page.goto(`${hub.url}/connectors/crm`)
  await page.getByRole('button', { name: 'Reload its file' }).click()
  await page.getByText('It is served as its file says now').waitFor()
  await page.goto(`${hub.url}/connectors/crm?tab=playground&mapping=in.customer&case=${encodeURIComponent('a customer with a telephone')}`)
  await page.getByText('It gives what the case expects.').waitFor()
  await picture('playground')
  // The same record goes in as the system would have sent it.
  const told = async () => (await hub.api('/api/v1/messages?source=crm&entity=customer')).items.length
  const before = await told()
  await page.getByRole('button', { name: 'Send it in' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Why? Others will read it later.').fill('to see where it goes')
  await dialog.getByRole('button', { name: 'Send it in' }).click()
  await page.getByText('1 record is on its way.').waitFor()
  await until(async () => (await told()) === before + 1)
  await page.locator('.cm-content').first().click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText('{ legal_name: .name }')
  await page.getByRole('button', { name: /^Run/ }).click()
  await page.getByText('It gives something else than the case expects.').waitFor()
  const message = (await hub.api('/api/v1/messages?source=crm&entity=customer')).items.at(-1)
  await page.goto(`${hub.url}/connectors/crm?tab=playground&mapping=in.customer&message=${message.id}`)
  await page.getByText('Personal values are masked').waitFor()
  await page.locator('.cm-content').getByText('legal_name').last().waitFor()
  await page.getByRole('button', { name: 'Reveal' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Reveal' }).click()
  await page.locator('.cm-content').getByText(/"0571-8800/).first().waitFor()
  expect(visitor.complaints).toEqual([])
})

test('no page is wider than a phone, and none is out of reach, in either look', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1280]) {
      await visitor.open({ viewport: { width, height: 800 }, colorScheme })
      page = visitor.page
      for (const path of ['/flow', '/connectors', '/connectors/crm', '/connectors/crm?tab=playground&mapping=in.customer&case=a+customer+with+a+telephone', '/dead-letters']) {
        await page.goto(hub.url + path)
        await visitor.settled()
        await picture(`${path.split('?')[0]!.replaceAll('/', '-').slice(1)}-${width}-${colorScheme}${path.includes('?') ? '-tried' : ''}`)
        expect(await page.evaluate(() => document.documentElement.scrollWidth), `${path} at ${width}`).toBeLessThanOrEqual(width)
        const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa']).analyze()
        expect(violations.map(({ id, nodes }) => `${path} ${colorScheme} ${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
      }
    }
  }
}, 180_000)
