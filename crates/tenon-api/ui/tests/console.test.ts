// The console as people use it: a real browser against the real binary.
import AxeBuilder from '@axe-core/playwright'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tellCompany, tellParts } from './company'
import { startHub, taxId, until, type Hub } from './hub'
import { PASSWORD, USER, Visitor } from './visitor'

const REVIEWS = 10

let hub: Hub
let visitor: Visitor
let page: Page

beforeAll(async () => {
  hub = await startHub()
  visitor = await Visitor.come()
  page = visitor.page
  for (let number = 0; number < REVIEWS; number++) {
    // The same registered name with two valid tax ids: what only a person can decide.
    const name = `上海第${'一二三四五六七八九十'[number]}剃须刀贸易有限公司`
    await hub.post('customers', { id: `A-${number}`, name, tax: taxId(`91310000MA1FL0A${number}`), phone: '021-60000001' })
    await hub.post('customers', { id: `B-${number}`, name, tax: taxId(`91310000MA1FL0B${number}`) })
  }
  await hub.tell('erp', 'item', 'SH-100', { code: 'SH-100', name: '剃须刀' })
  await hub.post('orders', { no: 'SO-2026-000042', buyer: 'A-0', amount: '19.90' })
  await hub.post('orders', { no: 'SO-2026-000043', buyer: 'nobody-yet', amount: '5.00' })
  await until(async () => (await hub.api('/api/v1/reviews?state=open')).items?.length >= REVIEWS)
  await until(async () => (await hub.api('/api/v1/parked')).items?.length)
})

afterAll(async () => {
  await visitor?.leave()
  await hub?.stop()
})

test('the first administrator follows the link and is in', async () => {
  await page.goto(hub.url)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.goto(hub.url + hub.first)
  await page.reload()
  await page.getByLabel('User name').fill(USER)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByLabel('The password once more').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create and sign in' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  // Out again, and in by name and password.
  await page.getByRole('button', { name: 'Account' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByLabel('User name').fill(USER)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  expect(visitor.complaints).toEqual([])
})

test('an order is followed from the search to its trace', async () => {
  await page.goto(`${hub.url}/messages`)
  await page.getByPlaceholder('Number, code, native id, message id …').fill('SO-2026-000042')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'SO-2026-000042' }).first().click()
  await page.getByRole('heading', { name: 'Where is SO-2026-000042?' }).waitFor()
  await page.getByText('crm told of').waitFor()
  await page.locator('.cm-content').getByText('"number"').first().waitFor()
  await page.getByText('As it came').click()
  await page.locator('.cm-content').getByText('"amount"').first().waitFor()
  expect(visitor.complaints).toEqual([])
})

test('duplicates are decided by keyboard', async () => {
  const into = async (id: string) => (await hub.api(`/api/v1/masters/${id}`)).merged_into
  const reviews = async (state: string): Promise<{ id: number; one: string; other: string }[]> => (await hub.api(`/api/v1/reviews?state=${state}`)).items
  await page.goto(`${hub.url}/reviews`)
  await page.locator('.sides').waitFor()
  for (let number = 0; number < REVIEWS; number++) {
    const { one, other } = (await reviews('open'))[0]!
    await page.locator('.sides').waitFor()
    // One customer, whoever stays; one of the two stays; two customers.
    const key = ['s', '1', '2'][number - 2] ?? 'd'
    await page.keyboard.press(key)
    if (key !== 'd') {
      // Two valid tax ids: it asks why, and where one types the keys are letters.
      await page.getByRole('dialog').locator('textarea:focus').waitFor()
      await page.keyboard.type('so said 12 dealers')
      const confirm = page.getByRole('dialog').getByRole('button', { name: 'One customer' })
      while (!(await confirm.evaluate((button) => button === document.activeElement))) await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
    }
    await page.getByRole('status').filter({ hasText: `${number + 1} decided` }).waitFor()
    expect([await into(one), await into(other)]).toEqual(key === 'd' ? [null, null] : key === '2' ? [other, null] : [null, one])
  }
  await page.getByText('No pair is waiting for you.').waitFor()
  expect([(await reviews('approved')).length, (await reviews('rejected')).length]).toEqual([3, REVIEWS - 3])
  // A browser says of itself that a merge without a reason was refused.
  expect(visitor.complaints.splice(0).filter((one) => !one.includes('409'))).toEqual([])
})

test('a parked lane is sent again', async () => {
  await page.goto(`${hub.url}/parked`)
  await page.getByRole('button', { name: 'SO-2026-000043' }).click()
  await page.getByText('If it were sent again now').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click()
  await page.getByText('1 message was sent again.').waitFor()
  expect(visitor.complaints).toEqual([])
})

test('a message is corrected by one person and approved by another', async () => {
  const order = { no: 'SO-2026-000044', buyer: 'A-0' }
  await hub.post('orders', { ...order, amount: 'a dozen' })
  await until(async () => (await hub.api('/api/v1/parked?state=failed')).items?.length)
  await page.goto(`${hub.url}/parked?state=failed`)
  await page.getByRole('button', { name: order.no }).click()
  const drawer = page.getByRole('dialog')
  await drawer.getByRole('button', { name: 'Correct' }).click()
  await drawer.locator('.cm-content').click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(JSON.stringify({ ...order, amount: '7.00' }))
  await drawer.getByLabel('Why? Others will read it later.').fill('seven was meant')
  await drawer.getByRole('button', { name: 'Propose' }).click()
  await page.getByText('Proposed. A second person decides.').waitFor()
  await drawer.getByText('Correction proposed').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: 'Corrections to decide' }).waitFor()
  await page.getByText('seven was meant').click()
  await page.getByText('You proposed this. Another person has to decide it.').waitFor()
  const [proposed] = (await hub.api('/api/v1/corrections?state=proposed')).items
  expect((await hub.api(`/api/v1/corrections/${proposed.id}/approve`, { because: 'I asked them' })).sent).toBe(1)
  await until(async () => (await hub.api(`/api/v1/trace/${order.no}`)).items?.some((message: { state: string }) => message.state === 'routed'))
  expect(visitor.complaints).toEqual([])
})

test('a connector is reloaded, unless its file does not hold', async () => {
  const file = join(hub.connectors, 'drp.toml')
  const held = readFileSync(file, 'utf8')
  await page.goto(`${hub.url}/connectors/drp`)
  writeFileSync(file, held + '\nattemps = 3\n')
  await page.getByRole('button', { name: 'Reload its file' }).click()
  await page.getByText('Nothing was changed: the connector goes on as it was').waitFor()
  await page.getByText(/drp\.toml:\d+:\d+/).first().waitFor()
  // A browser says of itself that an answer was 422.
  expect(visitor.complaints.filter((one) => !one.includes('422'))).toEqual([])
  visitor.complaints = []
  writeFileSync(file, held)
  await page.getByRole('button', { name: 'Reload its file' }).click()
  await page.getByText('It is served as its file says now').waitFor()
  expect(visitor.complaints).toEqual([])
})

test('a grade is approved with a reason', async () => {
  await until(async () => (await hub.api('/api/v1/insight/grades')).items?.length)
  await page.goto(`${hub.url}/grades`)
  await page.getByRole('button', { name: 'Approve' }).first().click()
  await page.getByRole('dialog').getByLabel('Why? It stays with the grade.').fill('It has ordered')
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
  await page.getByText('Decided; all systems are told').waitFor()
  await page.getByText('No grade should change').waitFor()
  expect(visitor.complaints).toEqual([])
})

test('doubtful items are decided by keyboard, and each decision is undone', async () => {
  await tellParts(hub)
  await page.goto(`${hub.url}/items`)
  const decided = (count: number) => page.getByRole('status').filter({ hasText: `${count} decided` }).waitFor()
  await page.getByRole('columnheader', { name: 'pdm PT-1' }).waitFor()
  await page.keyboard.press('s')
  await decided(1)
  // Two items have what the next one says: which of them it is takes a digit.
  await page.getByRole('columnheader', { name: 'pdm PT-2' }).waitFor()
  await page.keyboard.press('s')
  await page.keyboard.press('2')
  await decided(2)
  // The last one stays, for those who look at every page.
  await page.getByRole('columnheader', { name: 'pdm BL-20' }).waitFor()
  await page.getByRole('link', { name: 'Decided' }).click()
  await page.getByRole('row', { name: /pdm PT-2 is erp 100-301/ }).getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click()
  // That was wrong in its turn: it is the other's after all.
  await page.getByText('Undone: it is an item of its own').waitFor()
  await page.getByRole('row', { name: /pdm PT-2 is an item of its own/ }).getByRole('button', { name: 'It is 100-301' }).click()
  await page.getByRole('dialog').filter({ hasText: 'after all' }).getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone: the two are one part from now on').waitFor()
  await page.getByRole('row', { name: /pdm PT-2 is erp 100-301/ }).nth(1).waitFor()
  expect(visitor.complaints).toEqual([])
})

test('figures are made of what the systems tell', async () => {
  await tellCompany(hub, { customers: 8, orders: 40 })
  await until(async () => (await hub.api('/api/v1/insight/orders?matter=matched')).items?.length > 10)
  await page.goto(`${hub.url}/reconciliation?matter=all`)
  await page.getByRole('link', { name: /^SO-20/ }).first().waitFor()
  await page.goto(`${hub.url}/reports`)
  await page.getByRole('img', { name: 'By month: Sales, net (CNY)' }).waitFor()
  // What is drawn is chosen, and the address keeps it.
  await page.getByRole('combobox', { name: 'Drawn' }).click()
  await page.locator('.ant-select-item-option').getByText('Orders', { exact: true }).click()
  await page.waitForURL(/measure=orders/)
  await page.reload()
  await page.getByRole('img', { name: 'By month: Orders (CNY)' }).waitFor()
  await page.getByRole('link', { name: 'By industry and source' }).click()
  await page.getByRole('img', { name: 'By industry and source: Orders (CNY)' }).waitFor()
  // Of one customer, who is found by its name, and what others of its trade buy.
  const [customer] = (await hub.api('/api/v1/insight/grades')).items as { id: string; name: string }[]
  const { name } = await hub.api(`/api/v1/insight/customers/${customer!.id}`)
  await page.goto(`${hub.url}/reports?report=products`)
  await page.getByRole('combobox', { name: 'All customers' }).fill(name)
  await page.getByTitle(name, { exact: false }).click()
  await page.waitForURL(/customer=/)
  await page.getByRole('link', { name: 'Hints' }).click()
  await page.getByRole('columnheader', { name: 'Item' }).waitFor()
  await page.getByRole('link', { name: 'Scorecard' }).click()
  await page.getByRole('heading', { name: 'Retention and churn' }).waitFor()
  await page.getByText('Active customers').waitFor()
  await page.getByText('How customers are won, kept and served').waitFor()
  // Files are had by keyboard, too.
  await page.getByRole('button', { name: 'Export' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'CSV' }).waitFor()
  const download = page.waitForEvent('download')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  expect((await download).suggestedFilename()).toMatch(/\.csv$/)
  expect(visitor.complaints).toEqual([])
})

test('what dealers may run out of leads to the messages behind it', async () => {
  await until(async () => (await hub.api('/api/v1/insight/cover?risk=true')).total > 3)
  await page.goto(`${hub.url}/cover`)
  await page.getByRole('button', { name: /^May run out/ }).click()
  await page.getByLabel('Dealer or item: code or name').fill('SH-500')
  await page.keyboard.press('Enter')
  await page.waitForURL(/q=SH-500/)
  await page.getByRole('columnheader', { name: 'Needed' }).click()
  await page.waitForURL(/sort=needed/)
  const drawn = page.locator('main tbody tr.clickable')
  await expect.poll(() => drawn.count()).toBe((await hub.api('/api/v1/insight/cover?risk=true&text=SH-500')).total)
  await drawn.first().getByRole('button').click()
  const drawer = page.getByRole('dialog')
  await drawer.getByRole('img', { name: 'Sold, by day' }).waitFor()
  await drawer.getByRole('link', { name: '总仓' }).click()
  await page.getByText('drp told of').first().waitFor()
  expect(visitor.complaints).toEqual([])
})

test('what was carried when leads to the messages of that time', async () => {
  await page.goto(hub.url)
  await page.getByText('1 hour', { exact: true }).click()
  const chart = page.getByRole('img', { name: /messages came in/ })
  const bar = chart.locator('rect.good').last()
  await bar.waitFor()
  await bar.hover()
  await page.getByText(/\d\d:\d\d – /).waitFor()
  await bar.click()
  await page.waitForURL(/\/messages\?since=.+&until=/)
  await page.locator('tbody tr.ant-table-row').first().waitFor()
  expect(visitor.complaints).toEqual([])
})

test('a search is kept, found again, and forgotten', async () => {
  await page.goto(`${hub.url}/messages?source=crm&entity=order`)
  await page.getByRole('button', { name: 'Saved' }).click()
  await page.getByLabel('Name of the search').fill('orders of the CRM')
  await page.getByLabel('Show it to all').check()
  await page.getByRole('button', { name: 'Save this search' }).click()
  await page.getByText('shown to all').waitFor()
  await page.goto(`${hub.url}/messages`)
  await page.getByRole('button', { name: 'Saved' }).click()
  await page.getByRole('button', { name: 'orders of the CRM', exact: true }).click()
  await page.waitForURL(/source=crm&entity=order/)
  await page.getByRole('button', { name: 'Saved' }).click()
  await page.getByRole('button', { name: 'Forget “orders of the CRM”' }).click()
  await page.getByText('No search is saved yet.').waitFor()
  expect(visitor.complaints).toEqual([])
})

test('the first page loads no more than 500 KB', async () => {
  await page.goto('about:blank')
  await page.goto(hub.url)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  const loaded = await page.evaluate(() =>
    (performance.getEntries() as PerformanceResourceTiming[]).reduce((total, entry) => total + (entry.encodedBodySize ?? 0), 0))
  expect(loaded).toBeGreaterThan(100 * 1024)
  expect(loaded).toBeLessThan(500 * 1024)
})

test('a hub that was brought up to date shows its pages to who had the console open', async () => {
  await page.goto(hub.url)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  let gone = 0
  // A page of the release before is not there any more, until the console itself is fetched anew.
  await page.route('**/assets/*.js', (route) => (gone++ ? route.continue() : route.fulfill({ status: 404 })))
  await page.getByRole('link', { name: 'Customers', exact: true }).first().click()
  await page.getByRole('heading', { name: 'Customers', level: 1 }).waitFor()
  await page.unrouteAll()
  expect(gone).toBeGreaterThan(1)
  expect(visitor.complaints.splice(0).filter((complaint) => !complaint.includes('404'))).toEqual([])
})

test('markup in every field is shown as the text that it is', async () => {
  // Whatever makes an element of it, or runs it, leaves this mark.
  const markup = (field: string) => `"><img src=x onerror="window.ran='${field}'"><script>window.ran='${field}'</script>`
  const customer = { system: 'crm', native_id: 'X-1' }
  const line = { number: 1, item: { system: 'erp', native_id: 'SH-100' }, quantity: '1', unit_price: '1.00', tax_rate: '0', amount: '1.00' }
  await hub.tell('crm', 'customer', 'X-1', {
    legal_name: markup('legal'), short_name: markup('short'), owner: markup('owner'), tax_id: taxId('91310000MA1FL0D1'), tags: ['<img src=x onerror=window.ran=1>'],
    contacts: [{ name: markup('contact'), role: markup('role') }], addresses: [{ city: markup('city'), street: markup('street') }],
  })
  const number = `SO<img src=x onerror=window.ran=1>`
  await hub.tell('crm', 'order', number, { number, customer, order_date: '2026-03-01', currency: 'CNY', status: 'confirmed', owner: markup('seller'), lines: [line], totals: { net: '1.00', tax: '0', gross: '1.00' } })
  await hub.tell('crm', 'case', markup('case'), { number: 'SV-<b>1', customer, kind: 'complaint', subject: markup('subject'), status: 'open', opened_at: '2026-03-01T00:00:00Z' })
  await hub.tell('crm', 'opportunity', 'OP-X', { number: 'OP-X', name: markup('name'), customer, stage: 'met', outcome: 'open', currency: 'CNY', owner: markup('keeper') })
  await hub.post('orders', { no: markup('number').slice(0, 60), buyer: markup('buyer'), amount: markup('amount') })
  await until(async () => (await hub.api('/api/v1/masters?q=crm%2FX-1')).items?.length)
  await until(async () => (await hub.api('/api/v1/messages?state=invalid')).items?.length)
  const master = (await hub.api('/api/v1/masters?q=crm%2FX-1')).items[0].master_id
  await until(async () => (await hub.api(`/api/v1/insight/customers/${master}`)).documents?.opportunity?.items.length)
  for (const path of ['/', '/messages', `/trace/${encodeURIComponent(number)}`, '/parked', '/customers?q=crm%2FX-1', `/customers/${master}`, '/reconciliation?matter=all', '/reports?report=new_customers', '/grades', '/settings?tab=audit']) {
    await page.goto(hub.url + path)
    await visitor.settled()
    expect(await page.evaluate(() => (window as { ran?: string }).ran), path).toBeUndefined()
    expect(await page.locator('main img[src=x], main script').count(), path).toBe(0)
  }
  await page.goto(`${hub.url}/customers/${master}`)
  await page.getByRole('heading', { name: /onerror/ }).waitFor()
  expect(visitor.complaints).toEqual([])
}, 180_000)

const PATHS = [
  '/', '/flow', '/messages', '/trace/SO-2026-000042', '/parked', '/dead-letters', '/customers', '/customers?tab=quality', '/customers?tab=import', '/reviews', '/reviews?tab=decided', '/items', '/items?tab=decided', '/reconciliation?matter=all', '/reconciliation?view=contracts', '/cover',
  ...['months', 'segments', 'cohorts', 'funnel', 'new_customers', 'grades', 'products', 'hints', 'scorecard'].map((report) => `/reports?report=${report}`),
  ...['proposals', 'scores', 'decisions', 'policy'].map((tab) => `/grades?tab=${tab}`),
  '/connectors', '/connectors/erp', '/connectors/crm?tab=playground', '/connectors/erp?tab=file',
  ...['users', 'tokens', 'audit', 'figures', 'account', 'about'].map((tab) => `/settings?tab=${tab}`),
  '/nowhere',
]

// Two looks take both languages, both themes and both widths; LOOKS=all looks at all four as closely, which takes twice as long.
test.each([
  ['en-GB', 'light', 1280, 'accessible'],
  ['en-GB', 'dark', 1280, process.env.LOOKS ? 'accessible' : 'quiet'],
  ['zh-CN', 'light', 1280, process.env.LOOKS ? 'accessible' : 'quiet'],
  ['zh-CN', 'dark', 390, 'accessible'],
] as const)('every page in %s, %s, %d pixels wide, is %s', async (locale, colorScheme, width, kind) => {
  await visitor.open({ locale, colorScheme, viewport: { width, height: 800 } })
  page = visitor.page
  const customer = (await hub.api('/api/v1/masters?limit=1')).items[0].master_id
  const told: string[] = []
  for (const path of [...PATHS, `/customers/${customer}`]) {
    await page.goto(hub.url + path)
    await visitor.settled()
    const found = kind === 'accessible' ? await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze() : undefined
    told.push(...(found?.violations ?? []).map(({ id, nodes }) => `${path}: ${id}: ${nodes.map((node) => node.html.slice(0, 160)).slice(0, 3).join(' | ')}`))
    if (await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)) told.push(`${path} is wider than the screen`)
    // A class that means something else too takes a cell out of its table.
    const astray = await page.evaluate(() => [...document.querySelectorAll('td, th')].filter((cell) => !['table-cell', 'none'].includes(getComputedStyle(cell).display)).map((cell) => cell.className))
    told.push(...new Set(astray.map((cell) => `${path}: a cell that is none: ${cell}`)))
    told.push(...visitor.complaints.splice(0).map((complaint) => `${path} complains: ${complaint}`))
  }
  expect(told).toEqual([])
}, 480_000)
