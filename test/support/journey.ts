import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { expect, inject } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/startSandbox.ts'
import { openChromium } from './chromium.ts'
import { TEMPLATE } from './globalSetup.ts'
import { createScratchDatabase, dropScratchDatabase } from './scratchPostgres.ts'
import { testEnvironment } from './testEnvironment.ts'

/** Where journeys leave their pictures. */
const pictures = fileURLToPath(new URL('../../.frontgate/journeys', import.meta.url))
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const DAY = 86_400

/** A sandbox of its own, as `npm start` runs it, and browsers that people sit at. */
export interface Journey {
  sandbox: Sandbox
  /** A browser of somebody else: without cookies of the others. It fails the test that uses it when a page breaks. */
  sitDown(options?: BrowserContextOptions): Promise<Page>
  /** A page as it looks now, in the folder of pictures; what axe finds serious in it fails the test. */
  picture(page: Page, name: string): Promise<void>
  /** What a person would do in the sandbox by hand. */
  control(method: string, path: string, body?: object): Promise<Record<string, never> & { data: Mail[] }>
  /** The newest mail to an address whose subject fits, waited for. */
  mailTo(email: string, subject: RegExp): Promise<Mail>
  advance(days: number): Promise<void>
  /** Ends what is open, and says what went wrong in pages meanwhile. */
  close(): Promise<void>
}

export interface Mail {
  subject: string
  text: string
  links: [string, ...string[]]
}

/** Starts a sandbox for the journeys of one file; their pictures are in a folder of that name. */
export async function openJourney(name: string, env: NodeJS.ProcessEnv = {}): Promise<Journey> {
  const database = `test_${randomUUID().replaceAll('-', '')}`
  const folder = mkdtempSync(join(tmpdir(), 'frontgate-journey-'))
  const album = join(pictures, name)
  rmSync(album, { recursive: true, force: true })
  mkdirSync(album, { recursive: true })
  const [DATABASE_URL, RUNBOOKS_DATABASE_URL] = [
    await createScratchDatabase(inject('serverUrl'), database, TEMPLATE),
    await createScratchDatabase(inject('serverUrl'), `${database}_product`),
  ]
  const ports = { PORT: '0', SANDBOX_PORT: '0', RUNBOOKS_PORT: '0' }
  const databases = { DATABASE_URL, RUNBOOKS_DATABASE_URL }
  const sandbox = await startSandbox({
    env: { ...testEnvironment, PUBLIC_URL: '', ...ports, ...databases, ...env },
    folder,
  })
  const browser = await openChromium()
  const faults: string[] = []
  let taken = 0
  const journey: Journey = {
    sandbox,
    sitDown: (options) => sitDown(browser, faults, { baseURL: sandbox.serviceUrl, ...options }),
    async picture(page, what) {
      taken += 1
      const file = `${String(taken).padStart(2, '0')} ${what}.png`
      await page.screenshot({ path: join(album, file), fullPage: true, animations: 'disabled' })
      expect(await seriousIn(page), `axe about “${what}”`).toEqual([])
    },
    async control(method, path, body) {
      const reply = await fetch(`${sandbox.sandboxUrl}/control${path}`, {
        method,
        ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      })
      expect(reply.ok, `${method} ${path}: ${reply.status}`).toBe(true)
      return reply.status === 204 ? {} : await reply.json()
    },
    async mailTo(email, subject) {
      let found: Mail | undefined
      await expect
        .poll(async () => {
          const { data } = await journey.control('GET', `/mailbox?to=${encodeURIComponent(email)}`)
          found = data.find((mail) => subject.test(mail.subject))
          return found !== undefined
        })
        .toBe(true)
      return found as Mail
    },
    async advance(days) {
      await journey.control('POST', '/clock/advance', { seconds: days * DAY })
    },
    async close() {
      await browser.close()
      await sandbox.stop()
      await dropScratchDatabase(inject('serverUrl'), database)
      await dropScratchDatabase(inject('serverUrl'), `${database}_product`)
      rmSync(folder, { recursive: true, force: true })
      expect(faults).toEqual([])
    },
  }
  return journey
}

async function sitDown(browser: Browser, faults: string[], options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  context.setDefaultTimeout(20_000)
  await context.addInitScript(sayWhatIsKeptOut)
  watch(context, faults)
  return context.newPage()
}

// Runs in pages, so it is text here.
const sayWhatIsKeptOut = `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  console.error('The policy kept out ' + violatedDirective + ' ' + blockedURI))`

/** What a person would not see, and should not be there: errors of scripts, and what the policy kept out. */
function watch(context: BrowserContext, faults: string[]): void {
  context.on('weberror', (error) => faults.push(String(error.error())))
  context.on('console', (message) => {
    // A refusal that pages show is an error to the browser.
    const isRefusal = /Failed to load resource/.test(message.text())
    if (message.type() === 'error' && !isRefusal) faults.push(`${message.page()?.url()}: ${message.text()}`)
  })
}

async function seriousIn(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate<{ violations: Violation[] }>(
    `axe.run(document, { resultTypes: ['violations'] })`,
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

interface Violation {
  id: string
  impact: string
  nodes: { html: string }[]
}
