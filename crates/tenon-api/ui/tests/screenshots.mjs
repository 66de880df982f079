// Takes pictures of pages: node tests/screenshots.mjs URL FOLDER [--look dark] [--language zh] [--phone] PATH…
import { chromium } from 'playwright-core'

const [url, folder, ...rest] = process.argv.slice(2)
const options = {}
const paths = []
for (let at = 0; at < rest.length; at++) {
  if (rest[at] === '--phone') options.phone = true
  else if (rest[at].startsWith('--')) options[rest[at].slice(2)] = rest[++at]
  else paths.push(rest[at])
}
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking'],
})
const context = await browser.newContext({
  viewport: options.phone ? { width: 390, height: 844 } : { width: 1280, height: Number(options.height ?? 800) },
  colorScheme: options.look ?? 'light',
  locale: options.language === 'zh' ? 'zh-CN' : 'en-GB',
})
const page = await context.newPage()
if (options.user) {
  const answer = await context.request.post(`${url}/api/v1/session`, {
    headers: { 'X-Tenon-CSRF': '1' },
    data: { user: options.user, password: options.password },
  })
  if (!answer.ok()) throw new Error(await answer.text())
}
page.on('console', (message) => ['error', 'warning'].includes(message.type()) && console.log(message.type(), message.text()))
page.on('pageerror', (error) => console.log('page error', error.message))
for (const path of paths) {
  const [address, name] = path.includes('=>') ? path.split('=>') : [path, path.replace(/[^a-zA-Z0-9]+/g, '-') || 'home']
  await page.goto(url + address)
  await page.waitForSelector('.page, .door-card', { timeout: 20_000 })
  await page.waitForTimeout(Number(options.wait ?? 2500))
  if (options.run) await page.evaluate(options.run)
  const suffix = [options.look, options.language, options.phone && 'phone'].filter(Boolean).map((part) => `-${part}`).join('')
  await page.screenshot({ path: `${folder}/${name.replace(/^-/, '') || 'home'}${suffix}.png`, fullPage: Boolean(options.full) })
}
await browser.close()
