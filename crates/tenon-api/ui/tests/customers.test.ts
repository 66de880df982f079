// What stewards do about customers: merge and undo, split, set and release, decide and think better of it.
import AxeBuilder from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHub, taxId, until, type Hub } from './hub'
import { Visitor } from './visitor'

const WHY = 'Why? Others will read it later.'
const NAMES = { one: '上海川可贸易有限公司', other: '杭州嘉泰贸易有限公司' }

let hub: Hub
let visitor: Visitor
let page: Page

const masterOf = async (record: string) => {
  const [found] = (await hub.api(`/api/v1/masters?q=${encodeURIComponent(record)}`)).items ?? []
  return found && hub.api(`/api/v1/masters/${found.master_id}`)
}
const known = (record: string) => until(() => masterOf(record), () => record)
const reviews = async (state: string) => (await hub.api(`/api/v1/reviews?state=${state}`)).items
const goTo = async (id: string) => {
  await page.goto(`${hub.url}/customers/${id}`)
  await visitor.settled()
}
/** Opens an act of the menu, and returns its dialog. */
const act = async (name: string) => {
  await page.getByRole('button', { name: /^More/ }).click()
  await page.getByRole('menuitem', { name: `${name} …` }).click()
  return page.getByRole('dialog')
}
const accessible = async (at: string) => {
  // What fades in is not judged before it is there.
  await page.waitForFunction(() => document.getAnimations().every((one) => one.playState !== 'running' || one.effect?.getComputedTiming().endTime === Infinity))
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
  expect(violations.map(({ id, nodes }) => `${at}: ${id}: ${nodes.map((node) => node.html.slice(0, 200)).slice(0, 3).join(' | ')}`)).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), `${at} is wider than the screen`).toBe(false)
}

/** Browsers complain of a command that is refused; of nothing else. */
const expectQuiet = () => expect(visitor.complaints.splice(0).filter((complaint) => !complaint.includes('409 (Conflict)'))).toEqual([])

beforeAll(async () => {
  hub = await startHub()
  visitor = await Visitor.come()
  page = visitor.page
  await visitor.beFirst(hub)
  await hub.tell('crm', 'customer', 'C-1', {
    legal_name: NAMES.one, short_name: '川可', tax_id: taxId('91310000MA1FL0A1'), phones: ['021-60000001'], owner: '王敏',
    addresses: [{ city: '上海市', street: '人民路1号' }], contacts: [{ name: '陈晨', role: '采购经理', phone: '13800138001' }],
  })
  await hub.tell('crm', 'customer', 'C-2', { legal_name: NAMES.other, tax_id: taxId('91330000MA1FL0B2'), phones: ['0571-60000002'] })
  // The same name as the first, and no other tax id: one customer by the rules.
  await hub.post('customers', { id: 'C-3', name: NAMES.one, tax: taxId('91310000MA1FL0A1'), phone: '021-60000003' })
  for (const [number, letter] of ['甲', '乙', '丙'].entries()) {
    // The same registered name with two valid tax ids: what only a person can decide.
    const name = `宁波${letter}海剃须刀贸易有限公司`
    await hub.post('customers', { id: `D-${number}`, name, tax: taxId(`91330200MA1FL0C${number}`) })
    await hub.post('customers', { id: `E-${number}`, name, tax: taxId(`91330200MA1FL0D${number}`) })
  }
  await until(async () => (await reviews('open')).length === 3)
  await until(async () => (await known('crm/C-1')).records.filter((record: { told: boolean }) => record.told).length === 2)
  await known('crm/C-2')
})

afterAll(async () => {
  await visitor?.leave()
  await hub?.stop()
})

test('two customers are merged by what they are called, and it is undone at once', async () => {
  const [one, other] = [await known('crm/C-1'), await known('crm/C-2')]
  await goTo(one.master_id)
  await page.getByRole('button', { name: 'Merge', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: 'The other customer' }).fill('嘉泰')
  await page.locator('.ant-select-item-option').filter({ hasText: NAMES.other }).click()
  await dialog.getByRole('row', { name: 'Tax id' }).getByText('differs').waitFor()
  await dialog.getByText('Their valid tax ids differ.').waitFor()
  const merge = dialog.getByRole('button', { name: 'Merge', exact: true })
  expect(await merge.isDisabled()).toBe(true)
  // The other one stays.
  await dialog.getByRole('radio', { name: 'Keeps id and code' }).nth(1).check()
  await dialog.getByLabel(WHY).fill('one company, moved')
  await accessible('the dialog')
  await merge.click()
  await page.waitForURL(`**/customers/${other.master_id}`)
  await page.getByText(`“${NAMES.one}” was merged into “${NAMES.other}”.`).waitFor()
  expect((await masterOf(one.master_id)).merged_into).toBe(other.master_id)
  await page.locator('.page-head').getByText(other.code, { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Undo Z' }).click()
  await until(async () => (await masterOf(one.master_id)).merged_into === null)
  await page.getByText('Done. Every system is told.').waitFor()
  // Both tell of it, and why.
  await page.getByRole('tabpanel').getByText('Merge undone').waitFor()
  await page.getByRole('tabpanel').getByText('one company, moved').waitFor()
  expectQuiet()
})

test('a merge is undone later by the name of who was merged', async () => {
  const [one, other] = [await known('crm/C-1'), await known('crm/C-2')]
  await hub.api('/api/v1/commands', { because: 'thought so', act: { merge: { survivor: one.master_id, merged: other.master_id } } })
  await goTo(one.master_id)
  const dialog = await act('Undo a merge')
  await dialog.getByRole('radio', { name: new RegExp(`${NAMES.other}.*${other.code}`) }).waitFor()
  await dialog.getByRole('button', { name: 'Undo a merge' }).click()
  await until(async () => (await masterOf(other.master_id)).merged_into === null)
  expectQuiet()
})

test('a record is split off and is a customer of its own', async () => {
  const one = await known('crm/C-1')
  await goTo(one.master_id)
  const dialog = await act('Split')
  const split = dialog.getByRole('button', { name: 'Split', exact: true })
  await dialog.getByRole('checkbox', { name: 'crm C-1' }).check()
  await dialog.getByRole('checkbox', { name: 'crm C-3' }).check()
  await dialog.getByText('One record has to stay.').waitFor()
  await accessible('the records that leave')
  expect(await split.isDisabled()).toBe(true)
  await dialog.getByRole('checkbox', { name: 'crm C-1' }).uncheck()
  await dialog.getByLabel(WHY).fill('a sister company')
  await split.click()
  await page.getByText('The records are a customer of their own.').waitFor()
  await page.getByRole('button', { name: 'Open it' }).click()
  const made = await known('crm/C-3')
  expect(made.master_id).not.toBe(one.master_id)
  await page.waitForURL(`**/customers/${made.master_id}`)
  expectQuiet()
})

test('a value is set by hand and released', async () => {
  const one = await known('crm/C-1')
  await goTo(one.master_id)
  await page.getByRole('button', { name: 'Set: Owner' }).click()
  let dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Owner' }).fill('韩梅梅')
  await dialog.getByLabel(WHY).fill('agreed in the meeting')
  await dialog.getByRole('button', { name: 'Set', exact: true }).click()
  await page.getByRole('cell', { name: '韩梅梅' }).first().waitFor()
  await page.getByRole('button', { name: 'Set: Contacts' }).click()
  dialog = page.getByRole('dialog')
  // What is masked is not begun with.
  await dialog.getByText(/What is known is masked/).waitFor()
  await dialog.getByRole('button', { name: 'Add: Contacts' }).click()
  await dialog.getByLabel('Name').fill('林静')
  await accessible('a value that is a list')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'hidden' })
  // What does not fit is said, and the dialog stays.
  dialog = await act('Set a value')
  await dialog.getByRole('combobox', { name: 'What' }).click()
  await page.getByTitle('Tax id', { exact: true }).click()
  await dialog.getByRole('textbox', { name: 'Tax id' }).fill('no number')
  await dialog.getByRole('button', { name: 'Set', exact: true }).click()
  await dialog.getByRole('alert').waitFor()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'Release: Owner' }).click()
  dialog = page.getByRole('dialog')
  await dialog.getByText('agreed in the meeting').waitFor()
  await dialog.getByRole('button', { name: 'Release', exact: true }).click()
  await page.getByRole('button', { name: 'Set: Owner' }).waitFor()
  expect((await masterOf(one.master_id)).golden.owner).toBe('王敏')
  expectQuiet()
})

test('a claim is made, handed over and given up', async () => {
  const one = await known('crm/C-1')
  await goTo(one.master_id)
  let dialog = await act('Claim')
  await dialog.getByLabel('Looked after by').fill('wang.min')
  await dialog.getByRole('button', { name: 'Claim', exact: true }).click()
  await page.getByText(/Looked after by wang.min until/).waitFor()
  dialog = await act('Hand over the claim')
  await dialog.getByLabel('Hand over to').fill('li.lei')
  await dialog.getByRole('button', { name: 'Hand over the claim' }).click()
  await page.getByText(/Looked after by li.lei until/).waitFor()
  dialog = await act('Give up the claim')
  await dialog.getByText('li.lei').waitFor()
  await dialog.getByRole('button', { name: 'Give up the claim' }).click()
  await until(async () => (await masterOf(one.master_id)).claim === null)
  expectQuiet()
})

test('a pair is decided by keyboard, taken back by keyboard, and decided again', async () => {
  await page.goto(`${hub.url}/reviews`)
  await page.locator('.sides').waitFor()
  const [first] = await reviews('open')
  const status = (text: string) => page.locator('.queue-head').getByRole('status').filter({ hasText: text }).waitFor()
  await page.keyboard.press('d')
  await status('2 pairs to decide · 1 decided')
  await page.keyboard.press('z')
  await status('3 pairs to decide')
  expect((await reviews('open')).map((review: { id: number }) => review.id)).toContain(first.id)
  // A merge is taken back as well.
  await page.locator('.sides').waitFor()
  await page.keyboard.press('s')
  const why = page.getByRole('dialog')
  await why.getByLabel(WHY).fill('renamed')
  await why.getByRole('button', { name: 'One customer' }).click()
  await why.waitFor({ state: 'hidden' })
  await status('2 pairs to decide · 1 decided')
  expect((await masterOf(first.other)).merged_into).toBe(first.one)
  await page.keyboard.press('u')
  await status('3 pairs to decide')
  expect((await masterOf(first.other)).merged_into).toBeNull()
  await page.locator('.sides').waitFor()
  await page.keyboard.press('d')
  await status('2 pairs to decide · 1 decided')
  expectQuiet()
})

test('what another steward decided first leaves the list, and the next pair is looked at', async () => {
  await page.goto(`${hub.url}/reviews`)
  await page.locator('.sides').waitFor()
  const [first] = await reviews('open')
  const { length } = await reviews('open')
  await hub.api('/api/v1/commands', { because: 'by the other steward', act: { reject: { review: first.id } } })
  await page.keyboard.press('d')
  await page.getByRole('alert').or(page.locator('.ant-message-error')).first().waitFor()
  await page.locator('.queue-head').getByRole('status').filter({ hasText: `${length - 1} pair` }).waitFor()
  // It waits again: what is looked at stays so.
  await hub.api('/api/v1/commands', { because: 'too early', act: { reopen: { review: first.id } } })
  await page.locator('.queue-head').getByRole('status').filter({ hasText: `${length} pair` }).waitFor()
  await page.locator('.queue-list button').nth(1).and(page.locator('[aria-current=true]')).waitFor()
  expectQuiet()
})

test('values are revealed by keyboard, and the reason is suggested for the next pair', async () => {
  await page.goto(`${hub.url}/reviews`)
  await page.locator('.sides').waitFor()
  const why = page.getByRole('dialog')
  const button = page.locator('.sides').getByRole('button', { name: 'Reveal' })
  await page.keyboard.press('r')
  await why.locator('textarea:focus').waitFor()
  expect(await why.getByRole('button', { name: 'Reveal' }).isDisabled()).toBe(true)
  await page.keyboard.type('told apart by phone')
  await why.getByRole('button', { name: 'Reveal' }).click()
  await why.waitFor({ state: 'hidden' })
  await button.waitFor({ state: 'detached' })
  await page.keyboard.press('j')
  await button.waitFor()
  await page.keyboard.press('r')
  // It is as good as typed, and whatever is typed takes its place.
  await why.locator('button:focus').filter({ hasText: 'Reveal' }).waitFor()
  expect(await why.getByLabel(WHY).inputValue()).toBe('told apart by phone')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.type('one street')
  expect(await why.getByLabel(WHY).inputValue()).toBe('one street')
  await why.getByRole('button', { name: 'Reveal' }).click()
  await button.waitFor({ state: 'detached' })
  const trail = (await hub.api('/api/v1/audit')).items as { action: string; detail: { because?: string } }[]
  const reasons = trail.filter(({ action }) => action === 'master.revealed').map(({ detail }) => detail.because)
  expect(reasons.slice(0, 4)).toEqual(['one street', 'one street', 'told apart by phone', 'told apart by phone'])
  expectQuiet()
})

test('what was decided is listed with who and why, and undone', async () => {
  const [{ sides: [side] }] = (await hub.api('/api/v1/reviews/decisions?state=rejected')).items
  await page.goto(`${hub.url}/reviews`)
  await page.getByRole('link', { name: 'Decided' }).click()
  await page.locator('.ant-segmented-item').filter({ hasText: 'Two customers' }).click()
  await page.waitForURL(/state=rejected/)
  const row = page.getByRole('row').filter({ hasText: side.name })
  await row.getByText('li.wei').waitFor()
  await row.getByRole('button', { name: 'Undo' }).click()
  const why = page.getByRole('dialog')
  await why.getByLabel(WHY).fill('new papers came')
  await why.getByRole('button', { name: 'Undo' }).click()
  await until(async () => (await reviews('open')).length === 3)
  await row.waitFor({ state: 'detached' })
  expectQuiet()
})

test('a list is looked at, brought in, and what does not fit is told', async () => {
  await page.goto(`${hub.url}/customers`)
  await page.getByRole('link', { name: 'Import', exact: true }).click()
  await page.getByRole('combobox', { name: 'System whose records they are' }).click()
  await page.getByTitle('crm', { exact: true }).click()
  const rows = ['source_id,name,city', 'L-1,温州新川剃须刀贸易有限公司,温州', 'L-2,温州新川剃须刀贸易有限公司,温州', ',nobody,']
  await page.locator('input[type=file]').setInputFiles({ name: 'customers.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) })
  await page.locator('.figure').filter({ hasText: 'Companies, by likeness' }).getByText('1', { exact: true }).waitFor()
  await page.getByRole('cell', { name: 'the row has no source_id' }).waitFor()
  await accessible('a list that was looked at')
  await page.getByRole('button', { name: 'Bring in 2 rows' }).click()
  await page.locator('.figure').filter({ hasText: 'Brought in' }).getByText('2', { exact: true }).waitFor()
  await until(async () => (await known('crm/L-2')).records.filter((record: { told: boolean }) => record.told).length === 2)
  // Once more: what is there is passed over.
  await page.locator('input[type=file]').setInputFiles({ name: 'customers.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) })
  await page.locator('.figure').filter({ hasText: 'Imported before' }).getByText('2', { exact: true }).waitFor()
  expect(await page.getByRole('button', { name: 'Bring in 0 rows' }).isDisabled()).toBe(true)
  expectQuiet()
})

test('what the hub says is named in the language of the reader, and stands beneath as it is', async () => {
  const one = await known('crm/C-1')
  await visitor.open({ locale: 'zh-CN' })
  page = visitor.page
  await page.goto(`${hub.url}/customers/00000000-0000-7000-8000-000000000000`)
  await page.getByText('没有这个客户').waitFor()
  await page.getByText('no master `00000000-0000-7000-8000-000000000000`').waitFor()
  await goTo(one.master_id)
  await page.getByRole('button', { name: /^更多操作/ }).click()
  await page.getByRole('menuitem', { name: /^指定字段值/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox').first().click()
  await page.getByTitle('税号', { exact: true }).click()
  await dialog.getByRole('textbox', { name: '税号' }).fill('no number')
  await dialog.locator('.ant-modal-footer .ant-btn-primary').click()
  await dialog.getByRole('alert').getByText('所填的值不符合要求').waitFor()
  await dialog.getByRole('alert').getByText(/tax_id/).waitFor()
  expect(visitor.complaints.splice(0).filter((complaint) => !/404|409/.test(complaint))).toEqual([])
})

test.each([
  ['en-GB', 'light', 1280],
  ['zh-CN', 'dark', 1280],
  ['zh-CN', 'light', 390],
  ['en-GB', 'dark', 390],
] as const)('the pages are accessible in %s, %s, %d pixels wide', async (locale, colorScheme, width) => {
  const one = await known('crm/C-1')
  await visitor.open({ locale, colorScheme, viewport: { width, height: 900 } })
  page = visitor.page
  for (const path of ['/reviews', '/reviews?tab=decided', `/customers/${one.master_id}`]) {
    await page.goto(hub.url + path)
    await visitor.settled()
    await accessible(path)
  }
  await page.getByRole('button', { name: /^(More|更多操作)/ }).click()
  await page.getByRole('menuitem', { name: /^(Rate|评价)/ }).click()
  await page.getByRole('dialog').getByRole('slider').waitFor()
  await accessible('a rating')
  expectQuiet()
})
