// Somebody with a browser before the real binary, as the journeys need one.
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import type { Hub } from './hub'

export const USER = 'li.wei'
export const PASSWORD = 'a shaver for every chin'

export class Visitor {
  page!: Page
  /** What the browser complained of; empty at the end of each journey. */
  complaints: string[] = []
  private context?: BrowserContext

  private constructor(private readonly browser: Browser) {}

  static async come(): Promise<Visitor> {
    const visitor = new Visitor(await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-background-networking'] }))
    await visitor.open()
    return visitor
  }

  /** A new window, in which who was signed in still is. */
  async open(options: BrowserContextOptions = {}) {
    const storage = await this.context?.storageState()
    await this.context?.close()
    this.context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', storageState: storage, ...options })
    this.page = await this.context.newPage()
    this.page.setDefaultTimeout(20_000)
    this.page.on('console', (message) => {
      // Before anybody is signed in, asking who it is is answered by 401, and browsers say so.
      if (['error', 'warning'].includes(message.type()) && !message.location().url.endsWith('/api/v1/session')) this.complaints.push(message.text())
    })
    this.page.on('pageerror', (error) => this.complaints.push(error.message))
  }

  /** Becomes the first administrator of a hub, without looking at the pages that lead there. */
  async beFirst(hub: Hub) {
    await this.enter(hub, hub.first, USER)
  }

  /** Takes a link that somebody was given: it chooses a password and is signed in. */
  async enter(hub: Hub, link: string, user: string) {
    const answer = await this.context!.request.post(`${hub.url}/api/v1/session/first`, {
      headers: { 'X-Tenon-CSRF': '1' },
      data: { token: link.split('#')[1], user, password: PASSWORD },
    })
    if (answer.status() !== 200) throw new Error(await answer.text())
  }

  /** Waits until a page has shown what it loads. */
  async settled() {
    await this.page.locator('main h1').first().waitFor()
    await this.page.waitForFunction(() => !document.querySelector('.ant-skeleton, .ant-spin-spinning, [aria-busy=true]'))
  }

  async leave() {
    await this.browser.close()
  }
}
