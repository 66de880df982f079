// Lists of customers: narrowed down, what is behind the numbers of reports, and what goes on beyond a page.
import AxeBuilder from '@axe-core/playwright'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tellCompany } from './company'
import { startHub, until, type Hub } from './hub'
import { Visitor } from './visitor'

const CUSTOMERS = 60
/** More orders of one customer, and more versions of it, than a page has. */
const ORDERS = 25
const VERSIONS = 24

let hub: Hub
let visitor: Visitor
let page: Page
let busy: string

type Listed = { id: string; name: string; owner: string; industry: string }

/** All customers that fit. */
const listed = async (query: string) => {
  const items: Listed[] = []
  for (let after = ''; ; ) {
    const found = await hub.api(`/api/v1/insight/customers?limit=200&${query}${after}`)
    items.push(...found.items)
    if (!found.next) return items
    after = `&after=${encodeURIComponent(found.next)}`
  }
}
const goTo = async (path: string) => {
  await page.goto(`${hub.url}${path}`)
  await visitor.settled()
}
const accessible = async (at: string) => {
  await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect?.getComputedTiming().endTime === Infinity))
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
  expect(violations.map(({ id, nodes }) => `${at}: ${id}: ${nodes.map((node) => node.html.slice(0, 200)).slice(0, 3).join(' | ')}`)).toEqual([])
}
/** Shows more until there is no more: a total is told then. */
const toTheEnd = (total: Locator, more: Locator) =>
  until(async () => {
    if (await total.isVisible()) return total.textContent()
    if (await more.isVisible()) await more.click({ timeout: 1_000 }).catch(() => undefined)
    return undefined
  }, () => 'the end of a list')
/** How many customers the page says that there are, all of them shown. */
const counted = async () => {
  const total = page.getByRole('status').filter({ hasText: /^[\d,]+ customers?/ })
  return Number((await toTheEnd(total, page.getByRole('button', { name: 'Show more' })))!.match(/^[\d,]+/)![0].replace(',', ''))
}
const rows = () => page.locator('tbody tr.ant-table-row')

beforeAll(async () => {
  hub = await startHub()
  visitor = await Visitor.come()
  page = visitor.page
  await visitor.beFirst(hub)
  await tellCompany(hub, { customers: CUSTOMERS, orders: 160 })
  const customer = { system: 'crm', native_id: 'C-1000' }
  for (let number = 0; number < ORDERS; number++) {
    await hub.tell('crm', 'order', `SO-B-${number}`, {
      number: `SO-B-${number}`, customer, order_date: `2026-01-${String(number + 1).padStart(2, '0')}`, currency: 'CNY', status: 'confirmed',
      lines: [{ number: 1, item: { system: 'erp', native_id: 'SH-100' }, quantity: '1', unit_price: '10.00', tax_rate: '0.13', amount: '10.00' }], totals: { net: '10.00', tax: '1.30', gross: '11.30' },
    })
  }
  busy = await until(async () => (await hub.api('/api/v1/masters?q=crm%2FC-1000')).items?.[0]?.master_id)
  for (let number = 0; number < VERSIONS; number++) {
    await hub.api('/api/v1/commands', { because: `word ${number}`, act: { pin: { master: busy, field: 'short_name', value: `川可 ${number}` } } })
  }
  await until(async () => (await hub.api(`/api/v1/insight/documents?entity=order&customer=${busy}&limit=200`)).items?.length >= ORDERS)
  await until(async () => (await listed('')).length === CUSTOMERS)
})

afterAll(async () => {
  await visitor?.leave()
  await hub?.stop()
})

test('customers are narrowed down, and the address keeps it', async () => {
  await goTo('/customers')
  await page.getByRole('combobox', { name: 'Owner' }).click()
  await page.locator('.ant-select-item-option').getByText('王敏', { exact: true }).click()
  await page.waitForURL(/owner=/)
  const hers = await listed('owner=%E7%8E%8B%E6%95%8F')
  expect(hers.length).toBeGreaterThan(3)
  await until(async () => (await counted()) === hers.length)
  // A name of the first level has all that is below it.
  await page.getByRole('combobox', { name: 'Industry' }).click()
  await page.locator('.ant-select-item-option').getByText('retail', { exact: true }).click()
  await page.waitForURL(/industry=retail/)
  const both = hers.filter(({ industry }) => industry.startsWith('retail/'))
  await until(async () => (await counted()) === both.length)
  await page.getByRole('combobox', { name: 'In which order' }).click()
  await page.locator('.ant-select-item-option').getByText('By name', { exact: true }).click()
  await page.waitForURL(/sort=name/)
  await page.reload()
  await visitor.settled()
  expect(await counted()).toBe(both.length)
  await accessible('a list that is narrowed down')
  // And among those whom a text names.
  await page.getByRole('searchbox', { name: 'Name, code, tax id, or an id of any system' }).fill(both[0]!.name)
  // It is asked for by the page that shows it.
  const answer = page.waitForResponse(/insight\/customers\?.*text=/)
  await page.keyboard.press('Enter')
  await answer
  await rows().filter({ hasText: both[0]!.name }).waitFor()
  await page.getByRole('button', { name: 'Reset' }).click()
  await page.waitForURL((url) => [...url.searchParams.keys()].join() === 'q')
  await page.getByText('named', { exact: true }).first().waitFor()
  expect(visitor.complaints).toEqual([])
})

test('a number of a report leads to the customers that it counts, and Back to the report', async () => {
  await goTo('/reports?report=segments&by=industry&level=2')
  const row = rows().filter({ hasText: 'retail/online' })
  const link = row.getByRole('link')
  const told = Number(await link.textContent())
  await accessible('a report')
  await link.focus()
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/customers\?industry=retail%2Fonline/)
  const list = page.url()
  expect(await counted()).toBe(told)
  await page.getByText(/^Figures .*CNY$/).waitFor()
  await accessible('a list behind a report')
  const name = (await rows().first().getByRole('link').textContent())!
  await rows().first().click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
  await page.goBack()
  await page.waitForURL(list)
  expect(await counted()).toBe(told)
  await page.goBack()
  await page.waitForURL(/report=segments/)
  // What a report asked for is taken back as one.
  await rows().filter({ hasText: 'retail/online' }).click()
  await page.waitForURL(list)
  await page.getByRole('button', { name: 'Take back' }).click()
  await page.waitForURL((url) => !url.search.includes('from='))
  const all = (await listed('industry=retail/online')).length
  await until(async () => (await counted()) === all)
  expect(visitor.complaints).toEqual([])
})

test('every report that counts customers leads to as many', async () => {
  for (const [report, column] of [['months', 3], ['cohorts', 4], ['new_customers', 4], ['grades', 2]] as const) {
    await goTo(`/reports?report=${report}`)
    const link = rows().locator(`td:nth-child(${column})`).getByRole('link').first()
    const told = Number((await link.textContent())!.replace(',', ''))
    await link.click()
    await page.waitForURL(/\/customers\?/)
    expect(await counted(), report).toBe(told)
  }
  await goTo('/reports?report=scorecard')
  const active = page.locator('.figure').filter({ hasText: 'Active customers' }).getByRole('link')
  const told = Number((await active.textContent())!.replace(',', ''))
  await active.click()
  expect(await counted()).toBe(told)
  // What an item brought is what the list adds up.
  await goTo('/reports?report=products')
  const item = rows().first().getByRole('link')
  const amount = await item.textContent()
  await item.click()
  await counted()
  await page.getByRole('status').filter({ hasText: `Ordered, CNY ${amount}` }).waitFor()
  expect(visitor.complaints).toEqual([])
})

test('a stage of the funnel leads to its opportunities, and Back closes them', async () => {
  await goTo('/reports?report=funnel')
  const link = rows().first().getByRole('link').nth(1)
  const told = await link.textContent()
  await link.click()
  await page.waitForURL(/stage=met&reached=true/)
  const panel = page.locator('.panel').filter({ hasText: 'Opportunities: Met' })
  expect(await toTheEnd(panel.getByRole('status'), panel.getByRole('button', { name: 'Show more' }))).toBe(told)
  await panel.getByRole('link', { name: /^OP-/ }).first().waitFor()
  await accessible('the opportunities of a stage')
  await page.goBack()
  await panel.waitFor({ state: 'detached' })
  expect(visitor.complaints).toEqual([])
})

test('papers and versions beyond the first page are shown', async () => {
  await goTo(`/customers/${busy}`)
  const papers = page.locator('.panel').filter({ hasText: 'Between them and us' })
  await papers.getByRole('tab', { name: /^Order/ }).click()
  const { items } = await hub.api(`/api/v1/insight/documents?entity=order&customer=${busy}&limit=200`)
  const shown = papers.getByRole('tabpanel').locator('tbody tr.ant-table-row')
  await papers.getByRole('button', { name: 'Show more' }).click()
  await until(async () => (await shown.count()) === items.length, () => `${items.length} orders`)
  const history = page.locator('.history')
  const versions = history.locator('tbody tr.ant-table-row')
  const before = await versions.count()
  expect(before).toBeLessThan(VERSIONS)
  await page.locator('.panel').filter({ has: history }).getByRole('button', { name: 'Show more' }).click()
  await until(async () => (await versions.count()) > VERSIONS)
  await history.getByText('word 0', { exact: true }).waitFor()
  expect(visitor.complaints).toEqual([])
})
