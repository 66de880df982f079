// Following one document to the others of its matter, and looking at what is masked.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tellCompany } from './company'
import { startHub, taxId, until, type Hub } from './hub'
import { Visitor } from './visitor'

let hub: Hub
let visitor: Visitor

beforeAll(async () => {
  hub = await startHub()
  visitor = await Visitor.come()
  await visitor.beFirst(hub)
  await tellCompany(hub, { customers: 6, orders: 24 })
  await hub.post('customers', { id: 'T-1', name: '上海第一剃须刀贸易有限公司', tax: taxId('91310000MA1FL0E1'), phone: '021-60001234' })
  await until(async () => (await hub.api('/api/v1/insight/orders?matter=matched')).items?.length)
  await until(async () => (await hub.api('/api/v1/trace/T-1')).items?.length)
})

afterAll(async () => {
  await visitor?.leave()
  await hub?.stop()
})

test('an order leads to its invoice, and that back to the order', async () => {
  const { page } = visitor
  const [order] = (await hub.api('/api/v1/insight/orders?matter=matched&limit=1')).items as { id: string; number: string }[]
  const together = (await hub.api(`/api/v1/insight/documents/${order!.id}`)) as { entity: string; number: string }[]
  expect(together.map((document) => document.entity)).toEqual(expect.arrayContaining(['order', 'shipment', 'invoice', 'receipt']))
  await page.goto(`${hub.url}/trace/${order!.number}`)
  const panel = page.locator('.panel').filter({ has: page.getByRole('heading', { name: 'Belongs together' }) })
  await panel.locator('[aria-current=true]').filter({ hasText: order!.number }).waitFor()
  const invoice = together.find((document) => document.entity === 'invoice')!.number
  await panel.getByRole('link', { name: invoice }).click()
  await page.getByRole('heading', { name: `Where is ${invoice}?` }).waitFor()
  await panel.getByRole('link', { name: order!.number }).click()
  await page.getByRole('heading', { name: `Where is ${order!.number}?` }).waitFor()
  expect(visitor.complaints).toEqual([])
})

/** What the ERP answered to the first customer, once it did. */
const delivered = () =>
  until(
    async () => {
      const [message] = (await hub.api('/api/v1/trace/T-1')).items as { deliveries: { system: string; state: string; attempts: number }[] }[]
      return message?.deliveries.find(({ system, state }) => system === 'erp' && state === 'delivered')
    },
    () => 'it is not delivered',
  )

test('what is masked is shown to who says why, and not before', async () => {
  const { page } = visitor
  await delivered()
  await page.goto(`${hub.url}/trace/T-1`)
  await page.locator('.cm-content').getByText('"legal_name"').waitFor()
  expect(await page.locator('main').textContent()).not.toContain('60001234')
  await page.getByRole('button', { name: 'Reveal' }).click()
  const dialog = page.getByRole('dialog')
  expect(await dialog.getByRole('button', { name: 'Reveal' }).isDisabled()).toBe(true)
  await dialog.getByRole('textbox').fill('the buyer complains of a wrong number')
  await dialog.getByRole('button', { name: 'Reveal' }).click()
  await page.getByText('Every value is shown').waitFor()
  await page.locator('.cm-content').getByText('021-60001234').waitFor()
  // What a system took is shown like the rest, and that it would be given the same now.
  await page.getByText('To erp', { exact: true }).click()
  await page.getByText('The mapping of now gives the same.').waitFor()
  await page.locator('.cm-content').getByText('021-60001234').waitFor()
  const trail = (await hub.api('/api/v1/audit')).items as { action: string; detail: { because?: string } }[]
  expect(trail.find((entry) => entry.action === 'message.revealed')?.detail.because).toBe('the buyer complains of a wrong number')
  expect(visitor.complaints).toEqual([])
})

test('the merges that its customers went through stand in the story of a message', async () => {
  const { page } = visitor
  const made = async (id: string, name: string, root: string) => {
    await hub.post('customers', { id, name, tax: taxId(root), phone: '021-60005678' })
    return until(async () => {
      const [message] = (await hub.api(`/api/v1/trace/${id}`)).items as { master_id: string }[]
      return message?.master_id
    }, () => `${id} has no master`)
  }
  const survivor = await made('T-3', '宁波甬江电器贸易有限公司', '91330200MA2H3K5P')
  const merged = await made('T-4', '宁波东海剃须刀制造有限公司', '91330200MA2H3K5Q')
  await hub.api('/api/v1/commands', { because: 'one owner, one address', act: { merge: { survivor, merged } } })
  await page.goto(`${hub.url}/trace/T-4`)
  const told = page.locator('.story-merge').filter({ hasText: 'one owner, one address' })
  await told.getByRole('link', { name: '宁波东海剃须刀制造有限公司' }).waitFor()
  expect(await told.textContent()).toMatch(/宁波东海剃须刀制造有限公司.*went into.*宁波甬江电器贸易有限公司/)
  await hub.api('/api/v1/commands', { because: 'two owners after all', act: { unmerge: { merged } } })
  await page.locator('.story-merge').filter({ hasText: 'two owners after all' }).getByText('came out of').waitFor()
  expect(visitor.complaints).toEqual([])
})

test('what is copied is said to be', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/trace/T-1`)
  await page.locator('.cm-content').getByText('"legal_name"').waitFor()
  await page.getByRole('button', { name: 'Copy as mapping case' }).click()
  await page.getByText('Masked values stand in it as •••').waitFor()
  expect(visitor.complaints).toEqual([])
})

test('what was tried is told, with the answer', async () => {
  const { page } = visitor
  await hub.post('orders', { no: 'SO-T-9', buyer: 'T-1', amount: 'a dozen' })
  await until(async () => (await hub.api('/api/v1/parked?state=failed')).items?.some((one: { native_id: string }) => one.native_id === 'SO-T-9'))
  await page.goto(`${hub.url}/trace/SO-T-9`)
  await page.getByRole('heading', { name: 'What was tried' }).waitFor()
  await page.locator('.ant-timeline-item').filter({ hasText: 'a dozen' }).waitFor()
  expect(visitor.complaints).toEqual([])
})

test('a message is delivered once more to a system that lost it', async () => {
  const { page } = visitor
  const before = await delivered()
  await page.goto(`${hub.url}/trace/T-1`)
  await page.locator('.way-answer').first().getByRole('button', { name: 'Deliver again' }).click()
  const dialog = page.getByRole('dialog')
  expect(await dialog.getByRole('button', { name: 'Deliver again' }).isDisabled()).toBe(true)
  await dialog.getByRole('textbox').fill('the ERP was restored from last night')
  await dialog.getByRole('button', { name: 'Deliver again' }).click()
  await page.getByText('It goes to erp once more.').waitFor()
  await until(async () => (await delivered()).attempts > before.attempts, () => 'it is not delivered again')
  await page.locator('.ant-timeline-item').filter({ hasText: 'the ERP was restored from last night' }).waitFor()
  const trail = (await hub.api('/api/v1/audit?action=message.resent')).items as { detail: { system: string } }[]
  expect(trail[0]?.detail.system).toBe('erp')
  expect(visitor.complaints).toEqual([])
})

test('a message tells its trace, and a long story is read page by page', async () => {
  const { page } = visitor
  for (let number = 1; number <= 101; number++) await hub.post('customers', { id: 'T-2', name: '上海第二剃须刀贸易有限公司', tax: taxId('91310000MA1FL0E2'), phone: `021-6000${1000 + number}` })
  await until(async () => (await hub.api('/api/v1/trace/T-2')).items?.length === 101, () => 'not all are there')
  await page.goto(`${hub.url}/trace/T-2`)
  await page.getByText('The newest 100 messages').waitFor()
  const steps = page.locator('.story-step')
  expect(await steps.count()).toBe(100)
  await page.getByRole('button', { name: 'Show older ones' }).click()
  await steps.nth(100).waitFor()
  await page.getByText('101 messages').waitFor()
  await steps.last().getByRole('button', { name: 'Stages' }).click()
  await steps.last().getByText('OpenTelemetry trace').waitFor()
  await page.getByRole('button', { name: "Copy the trace's id" }).click()
  await page.getByText('In the clipboard.').waitFor()
  expect(visitor.complaints).toEqual([])
})
