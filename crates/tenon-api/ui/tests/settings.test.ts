// Who may what, what the trail says, how the hub is, and what customers are worth: before the real binary.
import AxeBuilder from '@axe-core/playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { tellCompany } from './company'
import { startHub, until, type Hub } from './hub'
import { PASSWORD, USER, Visitor } from './visitor'

let hub: Hub
/** The administrator, and somebody whom the administrator lets in. */
let visitor: Visitor
let other: Visitor

beforeAll(async () => {
  hub = await startHub('[journal]\nkeep = "90d"\n')
  visitor = await Visitor.come()
  other = await Visitor.come()
  await visitor.beFirst(hub)
  await tellCompany(hub, { customers: 12, orders: 60 })
}, 240_000)

afterAll(async () => {
  await other?.leave()
  await visitor?.leave()
  await hub?.stop()
})

const LOOKS = [
  { name: 'light', locale: 'en-GB', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { name: 'phone-dark-zh', locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
  // For pictures alone: rules break by theme, language or width, not by what goes with what.
  ...(process.env.SHOTS
    ? ([
        { name: 'dark-zh', locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
        { name: 'phone', locale: 'en-GB', colorScheme: 'light', viewport: { width: 390, height: 844 } },
      ] as const)
    : []),
] as const
/** How long a journey may take that looks at pages so. */
const LONG = 300_000

/** Looks at a page in both languages, both themes and both widths: nothing breaks a rule of WCAG AA, nothing is cut off. */
async function look(name: string, path: string, act?: () => Promise<unknown>) {
  for (const { name: look, ...options } of LOOKS) {
    await visitor.open(options)
    await visitor.page.goto(hub.url + path)
    await visitor.settled()
    await act?.()
    await visitor.page.waitForTimeout(400) // why: axe sees colours that still fade in as too pale
    if (process.env.SHOTS) await visitor.page.screenshot({ path: `${process.env.SHOTS}/${name}-${look}.png`, fullPage: true })
    const { violations } = await new AxeBuilder({ page: visitor.page }).withTags(['wcag2a', 'wcag2aa']).analyze()
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 160))]), `${name} ${look}`).toEqual([])
    const wide = await visitor.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect(wide, `${name} ${look} is wider than the window`).toBeLessThanOrEqual(0)
  }
  await visitor.open()
  expect(visitor.complaints).toEqual([])
}

/** Chooses in a field of a dialogue. */
async function choose(label: string, ...options: string[]) {
  const { page } = visitor
  await page.getByRole('dialog').getByLabel(label, { exact: true }).click()
  for (const option of options) await page.locator('.ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option').filter({ hasText: option }).first().click()
  await page.keyboard.press('Escape')
}

test('a user is added for one system, comes by the link, sees that system, changes role and is disabled', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/settings`)
  await page.getByRole('button', { name: 'Add a user' }).click()
  await page.getByLabel('User name').fill('not a name')
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
  await page.getByText('Letters a–z, digits').nth(1).waitFor()
  await page.getByLabel('User name').fill('wang.min')
  await page.getByLabel('Name as others read it').fill('王敏')
  await choose('Role', 'Operator')
  await choose('Systems', 'erp')
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
  const link = (await page.getByText(/\/password#/).innerText()).trim()
  const row = page.getByRole('row').filter({ hasText: 'wang.min' })
  await row.getByRole('cell', { name: 'Operator', exact: true }).waitFor()
  expect(await row.getByText('erp', { exact: true }).count()).toBe(1)

  await other.enter(hub, link, 'wang.min')
  await other.page.goto(`${hub.url}/messages?source=erp`)
  await other.settled()
  await other.page.goto(`${hub.url}/messages`)
  await other.settled()
  await other.page.locator('.ant-table-row').first().waitFor()
  expect(await other.page.locator('.ant-table-row').filter({ hasText: 'drp → –' }).count()).toBe(0)
  await other.page.goto(`${hub.url}/settings`)
  await other.settled()
  expect(await other.page.getByRole('navigation', { name: 'Settings' }).getByRole('link').allInnerTexts()).toEqual(['Data and figures', 'Your account', 'About'])

  // Another role, and all systems: the person is signed out at once, and has it when it comes again.
  await row.getByRole('button', { name: 'Edit wang.min' }).click()
  await choose('Role', 'Viewer')
  await page.getByRole('dialog').locator('.ant-select-selection-item-remove').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await row.getByRole('cell', { name: 'Viewer', exact: true }).waitFor()
  await other.page.getByRole('button', { name: 'Sign in' }).waitFor()
  await other.page.getByLabel('User name').fill('wang.min')
  await other.page.getByLabel('Password').fill(PASSWORD)
  await other.page.getByRole('button', { name: 'Sign in' }).click()
  await other.page.getByRole('heading', { name: 'Settings' }).waitFor()
  await row.getByRole('button', { name: 'More for wang.min' }).click()
  await page.getByRole('menuitem', { name: 'Sessions' }).click()
  await page.getByRole('dialog').getByRole('row').nth(1).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'End all sessions' }).click()
  await page.getByRole('tooltip').getByRole('button', { name: 'End', exact: true }).click()
  await page.getByText('Signed in nowhere').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  await row.getByRole('button', { name: 'More for wang.min' }).click()
  await page.getByRole('menuitem', { name: 'Disable' }).click()
  await row.getByText('Disabled').waitFor()
  await other.page.getByRole('button', { name: 'Sign in' }).waitFor()
  await other.page.getByLabel('User name').fill('wang.min')
  await other.page.getByLabel('Password').fill(PASSWORD)
  await other.page.getByRole('button', { name: 'Sign in' }).click()
  await other.page.getByRole('alert').waitFor()
  expect(visitor.complaints).toEqual([])
  await look('users', '/settings')
  await look('user-edit', '/settings', async () => {
    await visitor.page.getByRole('row').filter({ hasText: 'wang.min' }).getByRole('button').first().click()
    await visitor.page.getByRole('dialog').waitFor()
  })
}, LONG)

test('a token lets a program touch its systems, until it is taken back', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/settings?tab=tokens`)
  await page.getByRole('button', { name: 'New token' }).click()
  await page.getByLabel('What it is for').fill('nightly')
  await choose('Role', 'Viewer')
  await choose('Systems', 'erp')
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
  const token = (await page.getByText(/^tenon_/).innerText()).trim()
  const ask = async (path: string) => (await fetch(hub.url + path, { headers: { authorization: `Bearer ${token}` } })).status
  expect(await ask('/api/v1/connectors/erp')).toBe(200)
  expect(await ask('/api/v1/connectors/crm')).toBe(403)
  await look('tokens', '/settings?tab=tokens')
  await visitor.page.goto(`${hub.url}/settings?tab=tokens`)
  await visitor.page.getByRole('button', { name: 'Take nightly back' }).click()
  await visitor.page.getByRole('tooltip').getByRole('button', { name: 'Take back' }).click()
  await visitor.page.getByText('taken back').waitFor()
  expect(await ask('/api/v1/connectors/erp')).toBe(401)
}, LONG)

test('a token is narrowed to areas, and does nothing elsewhere', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/settings?tab=tokens`)
  await page.getByRole('button', { name: 'New token' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('What it is for').fill('scrape')
  // What may be written may be read; what is only read has no other box.
  const reads = dialog.getByLabel('Read: Master records, decisions')
  await dialog.getByLabel('Write: Master records, decisions').check()
  expect(await reads.isChecked()).toBe(true)
  expect(await reads.isDisabled()).toBe(true)
  await dialog.getByLabel('Write: Master records, decisions').uncheck()
  expect(await reads.isChecked()).toBe(true)
  await reads.uncheck()
  expect(await dialog.getByLabel('Write: Metrics for Prometheus').count()).toBe(0)
  await dialog.getByLabel('Read: Metrics for Prometheus').focus()
  await page.keyboard.press('Space')
  await dialog.getByRole('button', { name: 'Add' }).click()
  const token = (await page.getByText(/^tenon_/).innerText()).trim()
  const row = page.getByRole('row').filter({ hasText: 'scrape' })
  await row.getByText('metrics:read', { exact: true }).waitFor()
  const ask = (path: string) => fetch(hub.url + path, { headers: { authorization: `Bearer ${token}` } })
  expect((await ask('/metrics')).status).toBe(200)
  const refused = await ask('/api/v1/messages')
  expect([refused.status, (await refused.json()).code]).toEqual([403, 'access.area'])
  const { items } = await hub.api('/api/v1/audit?action=token.created&subject=scrape')
  expect(items[0].detail.after.scopes).toEqual(['metrics:read'])
  expect(visitor.complaints).toEqual([])
  await look('token-new', '/settings?tab=tokens', async () => {
    await visitor.page.locator('.ant-btn-primary').first().click()
    await visitor.page.getByRole('dialog').waitFor()
  })
}, LONG)

test('own sessions are listed, and all others ended', async () => {
  // Another browser of the same person.
  const signedIn = await fetch(`${hub.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'X-Tenon-CSRF': '1' },
    body: JSON.stringify({ user: USER, password: PASSWORD }),
  })
  const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!
  const elsewhere = async () => (await fetch(`${hub.url}/api/v1/session`, { headers: { cookie } })).status
  expect(await elsewhere()).toBe(200)
  await look('account', '/settings?tab=account')
  const { page } = visitor
  await page.goto(`${hub.url}/settings?tab=account`)
  await page.getByText('this one').waitFor()
  await page.getByRole('button', { name: 'End all other sessions' }).click()
  await page.getByRole('tooltip').getByRole('button', { name: 'End', exact: true }).click()
  await until(async () => (await elsewhere()) === 401)
  await page.getByRole('button', { name: 'End all other sessions' }).waitFor({ state: 'detached' })
}, LONG)

test('the trail is filtered by its address, exported so, and checked', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/settings?tab=audit&subject=wang.min`)
  await visitor.settled()
  await page.getByRole('button', { name: 'User added' }).waitFor()
  const deeds = page.locator('.ant-table-row')
  const all = await deeds.count()
  await page.getByLabel('Only what was done so').click()
  await page.locator('.ant-select-item-option').filter({ hasText: 'User changed' }).click()
  // Counted once: between the one list and the other there is none.
  let some = 0
  await until(async () => (some = await deeds.count()) > 0 && some < all)
  expect(new URL(page.url()).searchParams.get('action')).toBe('user.altered')
  await page.getByRole('button', { name: 'Export these' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'JSON Lines' }).getByRole('link').click()
  const lines = readFileSync(await (await download).path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line))
  expect(lines.map(({ action, subject }) => [action, subject])).toEqual(Array(some).fill(['user.altered', 'wang.min']))
  await page.getByRole('button', { name: 'Reset' }).click()
  await until(async () => (await deeds.count()) > all)
  await page.getByRole('button', { name: 'Check the chain' }).click()
  await page.getByText(/entries hold: nothing was changed or removed/).waitFor()
  await look('audit', `/settings?tab=audit&who=${USER}`)
  await look('audit-checked', '/settings?tab=audit', async () => {
    await visitor.page.locator('.ant-btn').filter({ has: visitor.page.locator('.anticon-safety-certificate') }).click()
    await visitor.page.locator('.ant-alert').waitFor()
    await visitor.page.locator('.ant-table-row-expand-icon').first().click()
    await visitor.page.locator('.cm-editor').first().waitFor()
  })
}, LONG)

test('what is kept is told, figures are made anew, and the nodes are listed', async () => {
  const { page } = visitor
  await until(async () => (await hub.api('/api/v1/insight'))[0]?.lag_seconds === 0)
  await page.goto(`${hub.url}/settings?tab=figures`)
  await page.getByText('Up to date').waitFor()
  await page.getByRole('row', { name: /Messages/ }).getByText('90 days').waitFor()
  const before = (await hub.api('/api/v1/insight'))[0].generation
  await page.getByRole('button', { name: 'Make anew' }).click()
  await page.getByRole('tooltip').getByRole('button', { name: 'Make anew' }).click()
  await page.getByText('Figures are being made anew.').waitFor()
  await until(async () => (await hub.api('/api/v1/insight')).some(({ generation, live }: { generation: number; live: boolean }) => live && generation > before))
  await page.getByText('Up to date').waitFor()
  const { items } = await hub.api('/api/v1/audit?action=insight.rebuilt')
  expect(items.map(({ who, outcome }: { who: string; outcome: string }) => [who, outcome])).toEqual([[USER, 'done']])
  await look('figures', '/settings?tab=figures')
  await visitor.page.goto(`${hub.url}/settings?tab=about`)
  await visitor.page.getByText('answers here').waitFor()
  await until(async () => (await hub.api('/api/v1/hub')).nodes[0].claims.includes('insight'))
  await look('about', '/settings?tab=about')
}, LONG)

test('a grade is approved, another declined, a customer rated, and all of it is told', async () => {
  await until(async () => (await hub.api('/api/v1/insight/grades')).items?.length > 2)
  await look('grades', '/grades')
  await visitor.page.goto(`${hub.url}/grades`)
  await visitor.settled()
  for (const [act, because] of [['Approve', 'It has ordered for years'], ['Decline', 'It pays too late']] as const) {
    await visitor.page.getByRole('button', { name: act }).first().click()
    const dialog = visitor.page.getByRole('dialog')
    await dialog.getByRole('button', { name: act }).click()
    await dialog.getByText('Say why').waitFor()
    await dialog.getByLabel('Why? It stays with the grade.').fill(because)
    await dialog.getByRole('button', { name: act }).click()
    await dialog.waitFor({ state: 'detached' })
  }
  await visitor.page.getByRole('link', { name: 'All scores' }).click()
  await visitor.settled()
  const rows = visitor.page.locator('.ant-table-tbody > .ant-table-row')
  await rows.nth(2).waitFor()
  const name = (await rows.first().getByRole('link').innerText()).trim()
  // By its name: scores may come, and with them another order.
  await rows.filter({ hasText: name }).getByRole('button', { name: /^Rate/ }).click()
  const dialog = visitor.page.getByRole('dialog')
  await dialog.getByLabel('Cooperation from 0 to 100').fill('85')
  await dialog.getByLabel('Why? It stays with the grade.').fill('Tells what it plans')
  await dialog.getByRole('button', { name: 'Rate' }).click()
  await visitor.page.getByText('Rated; the score follows within seconds').waitFor()
  await visitor.page.getByPlaceholder('Name, code or native id').fill(name)
  await visitor.page.keyboard.press('Enter')
  await until(async () => (await rows.count()) === 1)
  await rows.getByText('85', { exact: true }).waitFor()
  expect(new URL(visitor.page.url()).searchParams.get('q')).toBe(name)
  await visitor.page.getByRole('button', { name: 'Expand row' }).click()
  await visitor.page.getByText('rated the cooperation 85').waitFor()
  await visitor.page.getByLabel('Only of this grade').click()
  await visitor.page.locator('.ant-select-item-option').filter({ hasText: 'Problem' }).click()
  await visitor.page.getByText('No customer is so').waitFor()
  await visitor.page.getByRole('link', { name: 'Decided' }).click()
  for (const text of ['Tells what it plans', 'It pays too late', 'It has ordered for years']) await visitor.page.getByText(text).waitFor()
  expect(visitor.complaints).toEqual([])
  await look('scores', '/grades?tab=scores', async () => {
    await visitor.page.locator('.ant-table-row-expand-icon').first().click()
    await visitor.page.locator('.score-parts, .decisions').first().waitFor()
  })
  await look('rate', '/grades?tab=scores', async () => {
    await visitor.page.locator('.ant-table-tbody > .ant-table-row').first().getByRole('button').last().click()
    await visitor.page.getByRole('dialog').waitFor()
  })
  await look('decisions', '/grades?tab=decisions')
  await look('policy', '/grades?tab=policy')
}, LONG)

test('orders are put in order by what is at stake and found by days, and the rules are shown', async () => {
  const { exceptions, matter } = await until(async () => {
    const exceptions = await hub.api('/api/v1/insight/exceptions')
    const matter = exceptions[0]?.matters.find(({ matter, orders }: { matter: string; orders: number }) => ['unbilled', 'short', 'overdue'].includes(matter) && orders > 1)
    return matter && { exceptions, matter: matter.matter as string }
  })
  const { page } = visitor
  await page.goto(`${hub.url}/reconciliation?matter=${matter}`)
  await visitor.settled()
  await page.getByLabel('Which come first').click()
  await page.locator('.ant-select-item-option').filter({ hasText: 'Most at stake first' }).click()
  await until(() => new URL(page.url()).searchParams.get('sort') === 'most')
  // What is at stake stands behind number, customer, day and currency.
  await until(async () => {
    const cells = await page.locator('.ant-table-row td:nth-child(6)').allInnerTexts()
    const amounts = cells.map((text) => Number(text.replaceAll(',', '')))
    return amounts.length > 1 && amounts.every((amount, at) => at === 0 || amount <= amounts[at - 1]!)
  })
  // A contract adds up the orders that were made under it.
  await page.goto(`${hub.url}/reconciliation?matter=all`)
  const contract = page.getByRole('button', { name: /^Contract HT-/ }).first()
  const number = (await contract.innerText()).replace('Contract ', '')
  await contract.click()
  const { items } = await hub.api(`/api/v1/insight/orders?text=${number}&limit=200`)
  const ordered = items.reduce((all: number, order: { ordered: string }) => all + Number(order.ordered), 0)
  await page.locator('tr.contract').getByText(ordered.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 }), { exact: true }).waitFor()
  expect(items.length).toBeGreaterThan(1)
  await page.goto(`${hub.url}/reconciliation?matter=all&from=2000-01-01&to=2000-12-31`)
  await visitor.settled()
  await page.getByText('No order stands so.').waitFor()
  await page.getByRole('button', { name: 'Rules' }).click()
  await page.getByText("after the customer's own terms, else 30 days").waitFor()
  expect(exceptions.length).toBeGreaterThan(0)
  expect(visitor.complaints).toEqual([])
  await look('reconciliation', `/reconciliation?matter=${matter}&sort=most`)
  await look('contract', `/reconciliation?matter=all&q=${number}`)
  await look('rules', '/reconciliation', async () => {
    await visitor.page.locator('.page-head .ant-btn').first().click()
    await visitor.page.getByRole('dialog').waitFor()
  })
}, LONG)
