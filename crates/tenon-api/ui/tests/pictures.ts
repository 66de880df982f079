// Takes the pictures of the pages that docs/console.md shows, of a company that was told to a real hub.
//
//   npm run pictures                           the ones of the docs
//   PICTURES=folder LOOKS=all npm run pictures  every page: light, dark, Chinese, on a phone
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type BrowserContextOptions } from 'playwright-core'
import { expect, test } from 'vitest'
import { tellCompany, tellParts } from './company'
import { startHub, taxId, until } from './hub'

const FOLDER = process.env.PICTURES!
const LOOKS: [string, BrowserContextOptions][] = [
  ['', { locale: 'en-GB', colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
  ['-dark-zh', { locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 1280, height: 800 } }],
  ['-phone', { locale: 'en-GB', colorScheme: 'light', viewport: { width: 390, height: 844 } }],
  ['-phone-dark-zh', { locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 390, height: 844 } }],
]

test('pictures', { timeout: 900_000 }, async () => {
  mkdirSync(FOLDER, { recursive: true })
  const hub = await startHub()
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-background-networking'] })
  try {
    const context = await browser.newContext()
    const signedIn = await context.request.post(`${hub.url}/api/v1/session/first`, {
      headers: { 'X-Tenon-CSRF': '1' },
      data: { token: hub.first.split('#')[1], user: 'li.wei', password: 'a shaver for every chin' },
    })
    expect(signedIn.status()).toBe(200)
    const count = await tellCompany(hub, { customers: 45, orders: 420 })
    for (const [number, city] of ['上海', '广州', '杭州'].entries()) {
      await hub.tell('crm', 'customer', `D-${number}`, { legal_name: `${city}晨光剃须刀贸易有限公司`, tax_id: taxId(`91310000MA1FL0A${number}`), phones: ['021-60000001'], owner: '王敏' })
      await hub.tell('crm', 'customer', `E-${number}`, { legal_name: `${city}晨光剃须刀贸易有限公司`, tax_id: taxId(`91310000MA1FL0B${number}`), phones: ['021-60000001'], addresses: [{ city }] })
    }
    await tellParts(hub)
    for (const number of [1, 2, 3]) await hub.post('orders', { no: `SO-2026-9000${number}`, buyer: 'nobody-yet', amount: '5.00' })
    await hub.post('orders', { no: 'SO-2026-90009', buyer: 'C-1000', amount: 'a dozen' }).catch(() => undefined)
    await until(async () => Object.values((await hub.api('/api/v1/summary')).messages as Record<string, number>).reduce((a, b) => a + b, 0) >= count, () => 'not all are journaled', 240)
    await until(async () => (await hub.api('/api/v1/reviews?state=open')).items?.length >= 3)
    await until(async () => (await hub.api('/api/v1/insight/grades')).items?.length)
    const customer = (await hub.api('/api/v1/insight/grades')).items[0].id
    const order = (await hub.api('/api/v1/insight/orders?matter=matched&limit=1')).items[0].number
    const stock = (await until(async () => (await hub.api('/api/v1/insight/cover?risk=true')).items as { dealer: string; item: string }[]))[0]!
    const pages: Record<string, string> = {
      overview: '/', flow: '/flow', messages: '/messages', trace: `/trace/${order}`, parked: '/parked', 'dead-letters': '/dead-letters', customers: '/customers', quality: '/customers?tab=quality', customer: `/customers/${customer}`,
      reviews: '/reviews', items: '/items', reconciliation: '/reconciliation', contracts: '/reconciliation?view=contracts', cover: '/cover', reports: '/reports?report=segments', grades: '/grades', scores: '/grades?tab=scores', connectors: '/connectors', connector: '/connectors/erp', settings: '/settings',
      ...(process.env.LOOKS ? {
        ground: `/cover?open=${stock.dealer}/${stock.item}`, decided: '/items?tab=decided', months: '/reports', cohorts: '/reports?report=cohorts&unit=quarter', funnel: '/reports?report=funnel', newcomers: '/reports?report=new_customers', distribution: '/reports?report=grades', products: '/reports?report=products', scorecard: '/reports?report=scorecard',
        account: '/settings?tab=account', audit: '/settings?tab=audit', about: '/settings?tab=about', tokens: '/settings?tab=tokens', figures: '/settings?tab=figures', policy: '/grades?tab=policy', import: '/customers?tab=import', playground: '/connectors/crm?tab=playground', nowhere: '/nowhere',
      } : {}),
    }
    for (const [suffix, look] of process.env.LOOKS ? LOOKS : LOOKS.slice(0, 1)) {
      const seen = await browser.newContext({ ...look, storageState: await context.storageState() })
      const page = await seen.newPage()
      // A hub that is well has none; these are as a hub tells them.
      const letters = [['SO-2026-90011', 'inbound.3', 'it has no id'], ['SO-2026-90012', 'deliver.erp', 'a panic while it was decided: index out of bounds']]
        .map(([message_id, queue, reason], number) => ({ id: `letter-${number}`, message_id, source: 'crm', kind: 'order.changed.v1', queue, reason, at: '2026-03-02T08:15:30Z', bytes: 1_217 }))
      // A hub that was begun a minute ago has carried nothing all day; this is a working day of one that is older.
      const stretches = Array.from({ length: 144 }, (_, at) => {
        const hour = (at / 6) % 24
        const received = Math.round(40 + 900 * Math.exp(-(((hour - 10) / 2.4) ** 2)) + 760 * Math.exp(-(((hour - 15.5) / 2.2) ** 2)) + 90 * Math.sin(at * 1.7) ** 2)
        return { at: new Date(Date.UTC(2026, 2, 2) + at * 600_000).toISOString(), received, invalid: at % 17 === 3 ? Math.round(received / 30) : 0, settled: Math.round(received * (1.6 + 0.2 * Math.sin(at))) }
      })
      await page.route('**/api/v1/summary/course*', (route) => route.fulfill({ json: { seconds: 600, stretches } }))
      await page.route('**/api/v1/dead-letters', (route) => route.fulfill({ json: { total: letters.length, items: letters } }))
      page.on('console', (message) => ['error', 'warning'].includes(message.type()) && console.log(page.url(), message.text()))
      page.on('pageerror', (error) => console.log(page.url(), error.message))
      for (const [name, path] of Object.entries(pages)) {
        // Something is to be seen on the edges.
        const moving = name === 'flow' && !suffix ? tellCompany(hub, { customers: 45, orders: 420 }) : undefined
        await page.goto(hub.url + path)
        await page.locator('main h1, .ant-result').first().waitFor()
        await page.waitForFunction(() => !document.querySelector('.ant-skeleton, .ant-spin-spinning, [aria-busy=true]'))
        await page.waitForTimeout(moving ? 3_500 : 900)
        await page.screenshot({ path: join(FOLDER, `console-${name}${suffix}.png`), fullPage: Boolean(process.env.LOOKS) && suffix.includes('phone') })
        await moving
      }
      await seen.close()
    }
  } finally {
    await browser.close()
    await hub.stop()
  }
})
