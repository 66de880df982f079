// Coming in, and what a person of some systems sees of the messages.
import AxeBuilder from '@axe-core/playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHub, taxId, until, type Hub } from './hub'
import { PASSWORD, USER, Visitor } from './visitor'

let hub: Hub
let visitor: Visitor

beforeAll(async () => {
  hub = await startHub()
  visitor = await Visitor.come()
  await hub.tell('erp', 'item', 'SH-100', { code: 'SH-100', name: '剃须刀' })
  await hub.post('customers', { id: 'A-1', name: '上海剃须刀贸易有限公司', tax: taxId('91310000MA1FL0A1') })
  await until(async () => (await hub.api('/api/v1/messages?source=crm')).items?.length)
  await until(async () => (await hub.api('/api/v1/messages?source=erp')).items?.length)
})

afterAll(async () => {
  await visitor?.leave()
  await hub?.stop()
})

/** The rules of WCAG AA that what is shown breaks. */
const broken = async () => (await new AxeBuilder({ page: visitor.page }).withTags(['wcag2a', 'wcag2aa']).analyze()).violations.map(({ id }) => id)

test('the door offers single sign-on where there is some, and says why one failed', async () => {
  const { page } = visitor
  await page.goto(hub.url)
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  await page.waitForLoadState('networkidle')
  expect(await page.getByRole('link', { name: 'Sign in with single sign-on' }).count()).toBe(0)
  await page.route('**/api/v1/session/means', (route) => route.fulfill({ json: { password: true, single_sign_on: '/auth/oidc' } }))
  await page.goto(`${hub.url}/?sign_on=oidc.no_role`)
  const button = page.getByRole('link', { name: 'Sign in with single sign-on' })
  await button.waitFor()
  expect(await button.getAttribute('href')).toBe('/auth/oidc')
  await page.getByText('You are in no group that may use this hub.').waitFor()
  await page.waitForLoadState('networkidle')
  expect(await broken()).toEqual([])
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/door.png` })
  await page.unroute('**/api/v1/session/means')
  expect(visitor.complaints).toEqual([])
})

test('new messages come by themselves until they are paused', async () => {
  await visitor.beFirst(hub)
  const { page } = visitor
  await page.goto(`${hub.url}/messages?last=1h&source=crm`)
  await visitor.settled()
  await page.getByText('Last hour').waitFor()
  const rows = page.locator('.ant-table-row')
  const before = await rows.count()
  const post = (id: string) => hub.post('customers', { id, name: `${id} 有限公司`, tax: taxId(`91310000MA1FL0${id.replace('-', '')}`) })
  await post('B-2')
  await rows.nth(before).waitFor()
  const live = page.getByRole('switch', { name: 'New ones appear by themselves' })
  await live.click()
  await page.getByText('Paused').waitFor()
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/messages.png` })
  await post('B-3')
  await until(async () => (await hub.api('/api/v1/messages?source=crm')).items.length === before + 2)
  expect(await rows.count()).toBe(before + 1)
  await live.click()
  await rows.nth(before + 1).waitFor()
  expect(await broken()).toEqual([])
  expect(visitor.complaints).toEqual([])
})

test('what went to a system, and what stands so there, is found', async () => {
  const { page } = visitor
  await page.goto(`${hub.url}/messages`)
  await visitor.settled()
  const choose = async (name: string, option: string) => {
    await page.getByRole('combobox', { name }).click()
    await page.locator('.ant-select-dropdown:visible').getByText(option, { exact: true }).click()
    await page.waitForFunction(() => !document.querySelector('.ant-select-dropdown:not(.ant-select-dropdown-hidden)'))
  }
  await choose('To system', 'erp')
  await page.waitForURL(/target=erp/)
  const rows = page.locator('.ant-table-row')
  await rows.filter({ hasText: 'B2' }).waitFor()
  await rows.filter({ hasText: 'SH-100' }).waitFor({ state: 'detached' })
  await choose('State', 'Delivered')
  await page.waitForURL(/delivery=delivered/)
  await rows.filter({ hasText: 'B2' }).waitFor()
  expect(await broken()).toEqual([])
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/deliveries.png` })
  await choose('State', 'Dropped')
  await page.getByText('No message fits.').waitFor()
  // The same by a link.
  await page.goto(`${hub.url}/messages?target=erp&delivery=delivered&key=B-2`)
  await rows.first().waitFor()
  expect(await rows.count()).toBe(1)
  await rows.first().click()
  await page.waitForURL(/\/trace\//)
  expect(visitor.complaints).toEqual([])
})

test('an invited person chooses a password, though another is signed in, and works with its systems alone', async () => {
  const { page } = visitor
  const made = await hub.api('/api/v1/users', { user: 'wang.min', role: 'operator', systems: ['erp'] })
  expect(made.link).toMatch(/^\/password#/)
  await page.goto(hub.url + made.link)
  await page.getByRole('heading', { name: 'Choose your password' }).waitFor()
  await page.getByText(`You are signed in as ${USER}.`).waitFor()
  expect(await broken()).toEqual([])
  if (process.env.SHOTS) {
    await page.screenshot({ path: `${process.env.SHOTS}/password.png` })
    await page.setViewportSize({ width: 390, height: 800 })
    await page.screenshot({ path: `${process.env.SHOTS}/password-phone.png` })
    await page.setViewportSize({ width: 1280, height: 800 })
  }
  await page.getByLabel('User name').fill('wang.min')
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByLabel('The password once more').fill(PASSWORD)
  await page.getByRole('button', { name: 'Set password and sign in' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  const refused: string[] = []
  page.on('response', (response) => response.status() >= 400 && refused.push(`${response.status()} ${response.url()}`))
  for (const path of ['/', '/flow', '/parked', '/connectors', '/customers', '/trace/SH-100', '/messages']) {
    await page.goto(hub.url + path)
    await visitor.settled()
  }
  await page.getByRole('link', { name: 'SH-100' }).first().waitFor()
  expect(await page.getByText('crm', { exact: true }).count()).toBe(0)
  expect(refused).toEqual([])
  expect(visitor.complaints).toEqual([])
})

test('who may only look is offered nothing that would be refused', async () => {
  const { page } = visitor
  const made = await hub.api('/api/v1/users', { user: 'sun.yi', role: 'viewer' })
  await visitor.enter(hub, made.link, 'sun.yi')
  const refused: string[] = []
  page.on('response', (response) => response.status() >= 400 && refused.push(`${response.status()} ${response.url()}`))
  const acts = page.getByRole('button', { name: /^(Pause|Resume|Reload|Test|Send again|Deliver again|Give up|Edit|Reveal|Show values|Merge|Approve|Decline|Add)/ })
  for (const path of ['/', '/flow', '/messages', '/trace/B-2', '/parked', '/connectors', '/connectors/erp', '/customers', '/reviews', '/items', '/reconciliation', '/reports', '/grades', '/settings']) {
    await page.goto(hub.url + path)
    await visitor.settled()
    expect(await acts.allTextContents(), path).toEqual([])
  }
  expect(refused).toEqual([])
  expect(visitor.complaints).toEqual([])
})
