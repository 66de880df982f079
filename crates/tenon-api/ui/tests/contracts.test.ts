// Contracts: how far the orders under them have come, what is the matter with some, and the way to those orders.
import AxeBuilder from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tellCompany } from './company'
import { startHub, until, type Hub } from './hub'
import { Visitor } from './visitor'

let hub: Hub
let visitor: Visitor
let page: Page

const goTo = async (path: string) => {
  await page.goto(`${hub.url}${path}`)
  await visitor.settled()
}
const amount = (text: string) => Number(text).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const rows = () => page.locator('tbody tr.ant-table-row')
const contracts = async (query: string) => (await hub.api(`/api/v1/insight/contracts?${query}`)).items

beforeAll(async () => {
  hub = await startHub()
  visitor = await Visitor.come()
  page = visitor.page
  await visitor.beFirst(hub)
  await tellCompany(hub, { customers: 40, orders: 200 })
  await until(async () => (await hub.api('/api/v1/insight/contracts/sums'))[0]?.contracts > 8)
  await until(async () => (await hub.api('/api/v1/insight'))[0]?.lag_seconds === 0)
})

afterAll(async () => {
  await visitor?.leave()
  await hub?.stop()
})

test('a contract that is exceeded leads to its orders, which say so', async () => {
  await goTo('/reconciliation')
  await page.getByText('Contracts', { exact: true }).click()
  await page.waitForURL(/view=contracts/)
  await visitor.settled()
  const [first] = await until(async () => {
    const found = await contracts('matter=exceeded')
    return found.length > 1 && found
  })
  await page.getByRole('button', { name: /^Exceeded/ }).click()
  await page.waitForURL(/matter=exceeded/)
  // What is exceeded by most comes first.
  await rows().first().filter({ hasText: first.number }).waitFor()
  await rows().first().getByText(amount(first.left), { exact: true }).waitFor()
  expect(Number(first.left)).toBeLessThan(0)
  await rows().first().getByRole('link', { name: amount(first.ordered) }).click()
  await page.waitForURL(new RegExp(`q=${first.number}`))
  await visitor.settled()
  await page.locator('tr.contract').getByText(amount(first.ordered), { exact: true }).first().waitFor()
  await rows().first().getByText('contract exceeded').waitFor()
  expect(await rows().count()).toBe(first.orders)
  expect(visitor.complaints).toEqual([])
})

test('contracts are found by number and customer, also those of which nobody told', async () => {
  const [unknown] = await contracts('matter=unknown')
  await goTo('/reconciliation?view=contracts')
  await page.getByRole('button', { name: /^Nobody told of it/ }).click()
  await rows().filter({ hasText: unknown.number }).getByText('nobody told of it').waitFor()
  const [known] = (await contracts('limit=50')).filter(({ document }: { document?: string }) => document)
  await page.getByRole('searchbox', { name: 'Contract number' }).fill(known.number)
  await page.keyboard.press('Enter')
  await page.waitForURL(new RegExp(`q=${known.number}`))
  await until(async () => (await rows().count()) === 1)
  await rows().getByRole('link', { name: known.customer_name }).waitFor()
  // The document by which it was told.
  await rows().getByRole('link', { name: known.number }).click()
  await page.waitForURL(new RegExp(`/trace/${known.number}`))
  await page.goBack()
  // Orders of the same customer are one step away.
  await goTo(`/reconciliation?view=contracts&customer=${known.customer}`)
  expect(await rows().count()).toBe(1)
  await page.getByText('Orders', { exact: true }).first().click()
  await page.waitForURL((url) => !url.search.includes('view=') && url.search.includes(`customer=${known.customer}`))
  expect(visitor.complaints).toEqual([])
})

test('a customer and a number are found in every currency', async () => {
  const [known] = (await contracts('limit=50')).filter(({ document }: { document?: string }) => document)
  const foreign = {
    number: 'HT-EUR-1', title: 'Frame contract', kind: 'contract', status: 'released', customer: { master_id: known.customer }, amount: '1000.00', currency: 'EUR',
  }
  await hub.tell('crm', 'document', foreign.number, foreign)
  await hub.tell('crm', 'order', 'SO-EUR-1', {
    number: 'SO-EUR-1', customer: { master_id: known.customer }, contract_number: foreign.number, order_date: '2026-01-05', currency: 'EUR', status: 'confirmed',
    lines: [{ number: 1, item: { system: 'erp', native_id: 'SH-100' }, quantity: '1', unit_price: '10.00', tax_rate: '0', amount: '10.00' }], totals: { net: '10.00', tax: '0.00', gross: '10.00' },
  })
  await until(async () => (await contracts('text=HT-EUR-1'))[0]?.orders === 1)
  // Most is of another currency, and that is shown first.
  await goTo(`/reconciliation?matter=all&customer=${known.customer}`)
  await rows().filter({ hasText: 'SO-EUR-1' }).waitFor()
  await page.getByText('EUR', { exact: true }).first().click()
  await page.waitForURL(/currency=EUR/)
  await until(async () => (await rows().count()) === 1)
  await page.getByRole('searchbox', { name: 'Order or contract number' }).fill(known.number)
  await page.keyboard.press('Enter')
  await page.waitForURL((url) => url.search.includes(`q=${known.number}`) && !url.search.includes('currency='))
  await rows().filter({ hasText: known.number }).first().waitFor()
  await goTo('/reconciliation?view=contracts&currency=EUR')
  await rows().filter({ hasText: foreign.number }).waitFor()
  expect(await rows().count()).toBe(1)
  await page.getByRole('searchbox', { name: 'Contract number' }).fill(known.number)
  await page.keyboard.press('Enter')
  await rows().filter({ hasText: known.number }).waitFor()
  expect(visitor.complaints).toEqual([])
})

test('the page of contracts can be read by everybody', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await goTo('/reconciliation?view=contracts')
    await rows().first().waitFor()
    await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect?.getComputedTiming().endTime === Infinity))
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).slice(0, 3).join(' | ')}`)).toEqual([])
  }
  expect(visitor.complaints).toEqual([])
})
