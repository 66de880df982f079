// What waits: found, shown by its address, sent again and given up, one or all that a filter names; and the ways about
// the console by keyboard.
import AxeBuilder from '@axe-core/playwright'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHub, taxId, until, type Hub } from './hub'
import { Visitor } from './visitor'

/** More than two pages of the list, and than one portion of what works them off. */
const BAD = 230
const WAITING = 3
const AT_ONCE = 10

let hub: Hub
let visitor: Visitor

const count = async (query: string) => (await hub.api(`/api/v1/parked/count?${query}`)).count as number
const run = async () => (await hub.api('/api/v1/redrives?limit=1')).items[0]
const rows = () => visitor.page.locator('.ant-table-row').filter({ has: visitor.page.getByRole('checkbox') })
const dialog = () => visitor.page.getByRole('dialog')

beforeAll(async () => {
  hub = await startHub()
  visitor = await Visitor.come()
  await visitor.beFirst(hub)
  await hub.tell('erp', 'item', 'SH-100', { code: 'SH-100', name: '剃须刀' })
  await hub.post('customers', { id: 'A-1', name: '上海剃须刀贸易有限公司', tax: taxId('91310000MA1FL0A1') })
  for (let at = 0; at < BAD; at += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, one) => hub.post('orders', { no: `BAD-${at + one + 1}`, buyer: 'A-1', amount: 'a dozen' })))
  }
  for (let one = 1; one <= WAITING; one++) await hub.post('orders', { no: `SO-${one}`, buyer: 'nobody-yet', amount: '5.00' })
  await until(async () => (await count('state=failed')) === BAD && (await count('state=waiting')) === WAITING, () => 'not all wait')
}, 120_000)

afterAll(async () => {
  await visitor?.leave()
  await hub?.stop()
})

/** The rules of WCAG AA that what is shown breaks. */
const broken = async () => {
  // What fades in is not judged before it is there.
  await visitor.page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect?.getComputedTiming().endTime === Infinity))
  return (await new AxeBuilder({ page: visitor.page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`)
}

const shot = async (name: string) => {
  if (process.env.SHOTS) await visitor.page.screenshot({ path: `${process.env.SHOTS}/${name}.png` })
}

test('what waits is found by its key, its reason and its body, and the address says by what', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/parked`)
  await visitor.settled()
  await shot('parked')
  const search = async (by: string, text: string, found: number, address: string) => {
    await page.getByRole('combobox', { name: 'Search by' }).click()
    await page.locator('.ant-select-item-option').getByText(by, { exact: true }).click()
    // It is chosen when the box says so.
    await page.locator('.ant-select', { has: page.getByRole('combobox', { name: 'Search by' }) }).getByText(by, { exact: true }).first().waitFor()
    await page.getByRole('searchbox', { name: 'Search what waits' }).fill(text)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: `Messages ${found}` }).waitFor()
    expect(new URL(page.url()).search).toContain(address)
  }
  await search('Key', 'BAD-77', 1, 'key=BAD-77')
  await page.reload()
  await page.getByRole('button', { name: 'BAD-77' }).waitFor()
  expect(await rows().count()).toBe(1)
  await search('Body', 'nobody-yet', WAITING, 'text=nobody-yet')
  await search('Body', '"BAD-230"', 1, 'text=')
  await search('Reason', 'a dozen', BAD, 'reason=a+dozen')
  await page.getByRole('button', { name: 'Clear the filter' }).click()
  await page.getByRole('heading', { name: `Messages ${BAD + WAITING}` }).waitFor()
  // A group is a filter, too, and further pages are fetched when they are asked for.
  await page.getByRole('combobox', { name: 'Waits for' }).click()
  await page.locator('.ant-select-item-option').getByText('Waiting for another').click()
  await page.getByRole('heading', { name: `Messages ${WAITING}` }).waitFor()
  await page.getByRole('button', { name: 'Clear the filter' }).click()
  await page.getByRole('button', { name: 'The mapping failed' }).click()
  await page.getByRole('heading', { name: `Messages ${BAD}` }).waitFor()
  expect(new URL(page.url()).search).toContain('code=mapping.failed')
  await rows().nth(99).waitFor()
  expect(await rows().count()).toBe(100)
  await page.getByRole('button', { name: 'Show more' }).click()
  await rows().nth(199).waitFor()
  await page.getByText('Paused: further pages are open').waitFor()
  expect(visitor.complaints).toEqual([])
})

test('one message has an address: it comes back with the page, Back closes it, and a colleague may be sent it', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/parked?key=BAD-5`)
  await page.getByRole('button', { name: 'BAD-5', exact: true }).click()
  await dialog().getByText('If it were sent again now').waitFor()
  const address = page.url()
  expect(address).toMatch(/[?&]one=\d+/)
  await page.reload()
  await dialog().getByText('If it were sent again now').waitFor()
  await shot('parked-one')
  await page.goBack()
  await dialog().waitFor({ state: 'hidden' })
  expect(page.url()).not.toContain('one=')
  await page.goto(address)
  await dialog().getByRole('button', { name: 'Close' }).click()
  await dialog().waitFor({ state: 'hidden' })
  expect(page.url()).toBe(`${hub.url}/parked?key=BAD-5`)
  expect(visitor.complaints).toEqual([])
})

test('what comes to wait is shown by itself, until some are chosen', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/parked?state=waiting`)
  await rows().nth(WAITING - 1).waitFor()
  await hub.post('orders', { no: 'SO-LATE', buyer: 'nobody-yet', amount: '5.00' })
  await page.getByRole('button', { name: 'SO-LATE' }).waitFor()
  await rows().filter({ hasText: 'SO-LATE' }).getByRole('checkbox').click()
  await page.getByText('Paused: 1 is chosen').waitFor()
  await page.getByRole('button', { name: 'Give up 1' }).click()
  await dialog().getByLabel('Why? Others will read it later.').fill('ordered twice')
  await dialog().getByRole('button', { name: 'Give up' }).click()
  await page.getByText('1 message was given up.').waitFor()
  await page.getByRole('heading', { name: `Messages ${WAITING}` }).waitFor()
  expect(visitor.complaints).toEqual([])
})

test('all that a filter names are sent again, at a pace', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/parked?state=failed&system=crm&reason=a+dozen`)
  await page.getByRole('button', { name: `Send all ${BAD} again` }).click()
  await dialog().getByText(`Send ${BAD} messages again?`).waitFor()
  await dialog().getByText('reason has “a dozen”').waitFor()
  const send = dialog().getByRole('button', { name: `Send all ${BAD} again` })
  expect(await send.isDisabled()).toBe(true)
  await dialog().getByLabel('Why? Others will read it later.').fill('the mapping is right now')
  await dialog().getByLabel('At most so many a second').fill('200')
  await dialog().getByText('Also where a later message').click()
  await shot('parked-redrive')
  expect(await broken()).toEqual([])
  await send.click()
  await page.getByText(`${BAD} of ${BAD} sent again`).waitFor()
  const done = await run()
  expect([done.act, done.per_second, done.force, done.because, done.total]).toEqual(['redrive', 200, true, 'the mapping is right now', BAD])
  // They fail as before, and wait again.
  await until(async () => (await count('state=failed')) === BAD, () => 'they do not wait again')
  expect(visitor.complaints).toEqual([])
})

test('all that a filter names are given up, after their number was seen', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/parked`)
  const all = page.getByRole('button', { name: `Give up all ${BAD + WAITING}` })
  await all.waitFor()
  expect(await all.isDisabled()).toBe(true)
  await page.goto(`${hub.url}/parked?system=crm&direction=inbound&state=failed&code=mapping.failed`)
  await page.getByRole('button', { name: `Give up all ${BAD}` }).click()
  await dialog().getByText(`Give up ${BAD} messages?`).waitFor()
  await dialog().getByLabel('Why? Others will read it later.').fill('a test of the shop')
  await shot('parked-drop')
  await dialog().getByRole('button', { name: `Give up all ${BAD}` }).click()
  await page.getByText(`${BAD} of ${BAD} given up`).waitFor()
  await page.getByText('Nothing that waits fits this filter.').waitFor()
  await shot('parked-dropped')
  expect([await count(''), await count('state=waiting')]).toEqual([WAITING, WAITING])
  const noted = (await hub.api('/api/v1/audit?action=drop.begun')).items[0]
  expect([noted.subject, noted.detail.because]).toEqual([String((await run()).id), 'a test of the shop'])
  const journaled = (await hub.api('/api/v1/trace/BAD-1')).items[0]
  expect(journaled.state).toBe('dropped')
  expect(visitor.complaints).toEqual([])
})

test('what waits behind a message goes with it when it is sent again', async () => {
  const { page } = visitor
  const [file, mapping] = ['erp.toml', 'order.out.jq'].map((name) => join(hub.connectors, name)) as [string, string]
  const number = 'LANE-1'
  const order = '{ ORD_NO: ($message.target_id // .number), GROSS_AMT: .totals.gross }'
  writeFileSync(mapping, `if .number == "${number}" then error("the ERP is moving house") else ${order} end`)
  writeFileSync(file, readFileSync(file, 'utf8').replace('entity = "order"\n', 'entity = "order"\nmapping = "order.out.jq"\n'))
  await hub.api('/api/v1/connectors/erp/reload', {})
  const money = (amount: string) => ({
    lines: [{ number: 1, item: { system: 'erp', native_id: 'SH-100' }, quantity: '1', unit_price: amount, amount }],
    totals: { net: amount, tax: '0', gross: amount },
  })
  for (const [at, amount] of ['1.00', '2.00', '3.00'].entries()) {
    await hub.tell('crm', 'order', number, { number, customer: { system: 'crm', native_id: 'A-1' }, order_date: '2026-03-01', currency: 'CNY', status: 'confirmed', ...money(amount) })
    await until(async () => (await count(`key=${number}`)) === at + 1, () => `${amount} does not wait`)
  }
  await page.goto(`${hub.url}/parked?key=${number}`)
  await rows().nth(2).waitFor()
  await rows().first().getByText('For a person').waitFor()
  for (const at of [1, 2]) await rows().nth(at).getByText('Behind another').waitFor()
  await shot('parked-lane')
  const outcome = (state: string) => page.locator('.way').filter({ has: page.locator('.state').getByText(state, { exact: true }) })
  await page.goto(`${hub.url}/trace/${number}`)
  await outcome('Parked').nth(2).waitFor()
  expect(await outcome('Delivered').count()).toBe(0)
  await shot('lane-parked')
  writeFileSync(mapping, order)
  await hub.api('/api/v1/connectors/erp/reload', {})
  await page.goto(`${hub.url}/parked?key=${number}&state=failed`)
  await page.getByRole('button', { name: number }).click()
  await dialog().getByText('It would go out.').waitFor()
  await dialog().getByRole('button', { name: 'Send again' }).click()
  await page.getByText('1 message was sent again.').waitFor()
  await page.goto(`${hub.url}/parked?key=${number}`)
  await page.getByText('Nothing that waits fits this filter.').waitFor()
  await page.goto(`${hub.url}/trace/${number}`)
  await outcome('Delivered').nth(2).waitFor()
  await shot('lane-delivered')
  expect(visitor.complaints).toEqual([])
})

test('dead letters are told of on the overview, but to who may not see them', async () => {
  const { page } = visitor
  const now = { at: new Date().toISOString(), ready: true, received_per_second: 0, delivered_per_second: 0, inbound_queued: 0, dead: 3, lanes: [], systems: [] }
  const link = page.getByRole('link', { name: 'Dead letters 3' })
  await page.route('**/api/v1/live', (route) => route.fulfill({ contentType: 'text/event-stream', body: `event: now\ndata: ${JSON.stringify(now)}\n\n` }))
  await page.goto(hub.url)
  await link.waitFor()
  await shot('overview-dead')
  await link.click()
  await page.getByRole('heading', { name: 'Dead letters', level: 1 }).waitFor()
  const whole = await page.evaluate(async () => (await fetch('/api/v1/session')).json())
  await page.route('**/api/v1/session', (route) => route.fulfill({ json: { ...whole, systems: ['crm'] } }))
  await page.goto(hub.url)
  await page.getByText('Needs a look').waitFor()
  await page.getByRole('link', { name: /^Waiting for another/ }).waitFor()
  expect(await link.count()).toBe(0)
  await page.unrouteAll()
  expect(visitor.complaints).toEqual([])
})

test('dead letters are sent again and given up', async () => {
  const { page } = visitor
  // Nothing that a system may send becomes one, so the hub's answers are played here.
  let letters = ['one', 'two', 'three'].map((id) => ({ id, message_id: `dead-${id}`, source: 'crm', kind: 'order.changed.v1', queue: 'inbound.3', reason: 'it has no id', at: '2026-03-02T08:15:30Z', bytes: 17 }))
  const asked: unknown[] = []
  let more = 247
  await page.route('**/api/v1/dead-letters', (route) => route.fulfill({ json: { total: letters.length + more, items: letters } }))
  await page.route(/\/api\/v1\/dead-letters\/(redrive|drop)$/, (route) => {
    const body = route.request().postDataJSON() as { ids: string[] }
    asked.push([route.request().url().split('/').pop(), body])
    letters = letters.filter(({ id }) => !body.ids.includes(id))
    return route.fulfill({ json: { done: body.ids.length, stay: [] } })
  })
  await page.goto(`${hub.url}/dead-letters`)
  await page.getByText('The eldest 3 of 250 are shown').waitFor()
  more = 0
  await page.getByRole('checkbox', { name: 'Choose dead-one' }).click()
  await page.getByRole('checkbox', { name: 'Choose dead-two' }).click()
  await page.getByRole('button', { name: 'Send 2 again' }).click()
  await dialog().getByLabel('Why? Others will read it later.').fill('the queue is well again')
  await dialog().getByRole('button', { name: 'Send again' }).click()
  await page.getByText('2 letters were sent again.').waitFor()
  // One has an address, too.
  await page.getByRole('button', { name: 'dead-three' }).click()
  await dialog().getByText('it has no id').waitFor()
  await page.reload()
  await shot('dead-letter')
  await dialog().getByRole('button', { name: 'Give up' }).click()
  const why = page.getByRole('dialog').filter({ hasText: 'for good?' })
  expect(await why.getByRole('button', { name: 'Give up' }).isDisabled()).toBe(true)
  await why.getByLabel('Why? Others will read it later.').fill('a test')
  await why.getByRole('button', { name: 'Give up' }).click()
  await page.getByText('There are none.').waitFor()
  expect(asked).toEqual([
    ['redrive', { ids: ['one', 'two'], because: 'the queue is well again' }],
    ['drop', { ids: ['three'], because: 'a test' }],
  ])
  await page.unrouteAll()
  expect(visitor.complaints).toEqual([])
})

test('anything is found as one types, by keyboard', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/`)
  await visitor.settled()
  await page.keyboard.press('Control+k')
  const box = page.getByRole('combobox', { name: /Order number, customer/ })
  const option = (name: string | RegExp) => page.getByRole('option', { name })
  await box.fill('SO-2')
  await option('1 message of “SO-2” waits').waitFor()
  await option(/^SO-2 · Order/).waitFor()
  await shot('find')
  expect(await broken()).toEqual([])
  await box.fill('剃须刀贸')
  await option('上海剃须刀贸易有限公司').waitFor()
  await box.fill('invoic')
  await option(/^invoicing/).waitFor()
  // A page by the beginning of its name comes before a key of that name.
  await box.fill('recon')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Reconciliation', level: 1 }).waitFor()
  await dialog().waitFor({ state: 'hidden' })
  await page.keyboard.press('/')
  await box.fill('SO-2')
  await option(/waits/).waitFor()
  while ((await page.getByRole('option', { selected: true }).textContent())?.includes('waits') !== true) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Messages 1' }).waitFor()
  expect(page.url()).toBe(`${hub.url}/parked?key=SO-2`)
  expect(visitor.complaints).toEqual([])
})

test('keys lead from page to page, and a sheet tells them', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/`)
  await visitor.settled()
  await page.keyboard.press('?')
  await dialog().getByText('Find anything', { exact: true }).waitFor()
  await shot('keys')
  expect(await broken()).toEqual([])
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'hidden' })
  await page.locator('h1').click()
  await page.keyboard.press('g')
  await page.keyboard.press('u')
  await page.getByRole('heading', { name: 'Duplicates', level: 1 }).waitFor()
  // On a page with keys of its own, G and D go to the dead letters and decide nothing.
  await page.keyboard.press('g')
  await page.keyboard.press('d')
  await page.getByRole('heading', { name: 'Dead letters', level: 1 }).waitFor()
  // Where somebody types they are letters.
  await page.goto(`${hub.url}/parked`)
  const search = page.getByRole('searchbox', { name: 'Search what waits' })
  await search.click()
  await page.keyboard.type('g?m')
  expect(await search.inputValue()).toBe('g?m')
  expect(await dialog().count()).toBe(0)
  expect(visitor.complaints).toEqual([])
})

test.each([
  ['en-GB', 'light', 1280],
  ['zh-CN', 'dark', 1280],
  ['en-GB', 'dark', 390],
  ['zh-CN', 'light', 390],
] as const)('what waits is for everybody in %s, %s, %d pixels wide', async (locale, colorScheme, width) => {
  await visitor.open({ locale, colorScheme, viewport: { width, height: 800 } })
  const { page } = visitor
  const [first] = (await hub.api('/api/v1/parked?limit=1')).items
  for (const [name, path] of Object.entries({ list: '/parked', filtered: '/parked?system=erp&state=waiting&key=SO-1', one: `/parked?one=${first.id}`, dead: '/dead-letters', trace: '/trace/SO-1' })) {
    await page.goto(hub.url + path)
    await visitor.settled()
    if (name === 'one') await dialog().locator('.cm-content').first().waitFor()
    await shot(`${name}-${locale}-${colorScheme}-${width}`)
    expect(await broken(), path).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), path).toBe(false)
  }
  await page.goto(hub.url)
  await visitor.settled()
  await page.keyboard.press('/')
  await page.keyboard.type('SO-1')
  await page.getByRole('option', { name: /^SO-1 · / }).waitFor()
  await shot(`find-${locale}-${colorScheme}-${width}`)
  expect(await broken()).toEqual([])
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'hidden' })
  await page.keyboard.press('?')
  await dialog().waitFor()
  await page.waitForFunction(() => !document.querySelector('[class*=zoom-appear], [class*=zoom-enter]'))
  await shot(`keys-${locale}-${colorScheme}-${width}`)
  expect(await broken()).toEqual([])
  expect(visitor.complaints).toEqual([])
}, 120_000)
