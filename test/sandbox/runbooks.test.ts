import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { readEnvironment } from '../../sandbox/environment.ts'
import { type Sandbox, startSandbox } from '../../sandbox/startSandbox.ts'
import { welcome } from '../../sandbox/welcome.ts'
import { TEMPLATE } from '../support/globalSetup.ts'
import { createScratchDatabase, dropScratchDatabase } from '../support/scratchPostgres.ts'
import { testEnvironment } from '../support/testEnvironment.ts'

const DAY = 24 * 60 * 60
const databases = [randomUUID(), randomUUID()].map((id) => `test_${id.replaceAll('-', '')}`) as [
  string,
  string,
]
const folder = mkdtempSync(join(tmpdir(), 'frontgate-runbooks-'))
const said: string[] = []
let env: NodeJS.ProcessEnv
let sandbox: Sandbox

beforeAll(async () => {
  const DATABASE_URL = await createScratchDatabase(inject('serverUrl'), databases[0], TEMPLATE)
  const RUNBOOKS_DATABASE_URL = Object.assign(new URL(DATABASE_URL), { pathname: `/${databases[1]}` }).href
  const ports = { PORT: '0', SANDBOX_PORT: '0', RUNBOOKS_PORT: '0' }
  env = { ...testEnvironment, ...ports, PUBLIC_URL: '', DATABASE_URL, RUNBOOKS_DATABASE_URL }
  sandbox = await startSandbox({ env, folder, say: (line) => said.push(line) })
})
afterAll(async () => {
  await sandbox?.stop()
  for (const name of databases) await dropScratchDatabase(inject('serverUrl'), name)
  rmSync(folder, { recursive: true })
})

test('the product opens to who has just registered, closes when the trial ends, and opens again once it is paid for', async () => {
  const { serviceUrl, sandboxUrl, productUrl } = sandbox
  const password = 'correct horse battery staple'
  const ada = await post(`${serviceUrl}/v1/auth/register`, { email: 'ada@company.example', password })
  const { links } = (await (await fetch(`${sandboxUrl}/control/mailbox?to=ada@company.example`)).json())
    .data[0]
  await post(`${serviceUrl}/v1/auth/email/verify`, { token: new URL(links[0]).searchParams.get('token') })
  const as = (token: string) => ({ authorization: `Bearer ${token}` })
  const tree = { name: 'Printer', nodes: [{ id: 'end', kind: 'outcome', text: 'Buy another one.' }] }
  const made = await post(`${productUrl}/api/trees`, tree, as(ada.body.access_token))
  expect(made.status).toBe(201)
  const begin = (token: string) =>
    post(`${productUrl}/api/sessions`, { tree_id: made.body.id, person: 'Grace' }, as(token))
  expect((await begin(ada.body.access_token)).status).toBe(201)

  await post(`${sandboxUrl}/control/clock/advance`, { seconds: 14 * DAY })
  const later = await post(`${serviceUrl}/v1/auth/login`, { email: 'ada@company.example', password })
  const token = later.body.access_token
  const refused = await begin(token)
  expect(refused).toMatchObject({
    status: 402,
    body: {
      code: 'subscription-required',
      reason: 'trial-expired',
      required_plan: 'pro',
      upgrade_url: `${productUrl}/pricing`,
    },
  })
  // What is there can be read, and the page that the refusal leads to is there.
  expect((await fetch(`${productUrl}/api/trees/${made.body.id}`, { headers: as(token) })).status).toBe(200)
  await expect.poll(async () => (await fetch(refused.body.upgrade_url)).status).toBe(200)

  const checkout = { plan: 'pro', interval: 'month' }
  // Who has paid comes from Stripe to a page of the service, and from there back.
  const paidPage = await (await fetch(`${serviceUrl}/billing/return`)).text()
  expect(paidPage).toContain(`"product_origins":["${productUrl}"]`)
  const { body } = await post(`${serviceUrl}/v1/billing/checkout-session`, checkout, as(token))
  const session = new URL(body.url).pathname.split('/').at(-1)
  await post(`${sandboxUrl}/control/stripe/checkout-sessions/${session}/pay`, {})
  await post(`${sandboxUrl}/control/stripe/webhooks/flush`, {})
  // By the token of before: it says that the trial is over, and live state knows better.
  await expect.poll(async () => (await begin(token)).status).toBe(201)
})

test('pages of the product may call the service, and others may not', async () => {
  const allowed = async (origin: string | null) => {
    const reply = await fetch(`${sandbox.serviceUrl}/v1/config`, { headers: { origin: origin ?? '' } })
    return reply.headers.get('access-control-allow-origin')
  }
  expect(await allowed(sandbox.productUrl)).toBe(sandbox.productUrl)
  expect(await allowed('http://elsewhere.example')).toBeNull()
})

test('the sandbox shows where it is, and tells it only what it needs', async () => {
  const overview = await (await fetch(sandbox.sandboxUrl)).text()
  const product = overview.indexOf(`href="${sandbox.productUrl}"`)
  expect(product).toBeGreaterThan(0)
  expect(product).toBeLessThan(overview.indexOf('id="clock-title"'))
  expect(said).toEqual([])
  expect(readFileSync(join(folder, 'runbooks-key'), 'utf8')).toMatch(/^fg_[\w-]{43}\n$/)
  expect(readFileSync(join(folder, 'runbooks.log'), 'utf8')).not.toContain(String(testEnvironment.SECRET))
  // It is started once there is something to follow: a stream may fall silent on a slow machine, but it is there.
  expect(readFileSync(join(folder, 'runbooks.log'), 'utf8')).not.toContain('fetch failed')
})

test('it is started again when it dies, keeps its key, and ends with the sandbox', async () => {
  const answers = () =>
    fetch(`${sandbox.productUrl}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    )
  const key = readFileSync(join(folder, 'runbooks-key'), 'utf8')
  process.kill(pidOf(folder), 'SIGKILL')
  await expect
    .poll(() => said)
    .toEqual([expect.stringMatching(/^The product ended \(SIGKILL\) and is started again/)])
  await expect.poll(answers).toBe(true)
  await sandbox.stop()
  expect(await answers()).toBe(false)
  sandbox = await startSandbox({ env, folder })
  expect(readFileSync(join(folder, 'runbooks-key'), 'utf8')).toBe(key)
})

test('who starts everything is led to the product first, and to the service where it is off', () => {
  const said = welcome(sandbox)
  expect(said).toMatch(new RegExp(`Runbooks +${sandbox.productUrl} +a product that it guards`))
  expect(said).toContain(`Try first: open ${sandbox.productUrl}, sign up, and open the mail in the mailbox.`)
  expect(said).not.toContain('curl')
  expect(welcome({ ...sandbox, productUrl: null })).toContain(
    `Try first: open ${sandbox.serviceUrl}, sign up`,
  )
})

test('what keeps it from being started is said', () => {
  const read = (given: NodeJS.ProcessEnv) => readEnvironment(given, folder)
  expect(read({}).product).toMatchObject({ port: 4200, url: 'http://localhost:4200' })
  expect(read({ RUNBOOKS_PORT: '' })).toMatchObject({
    product: null,
    off: ['RUNBOOKS_PORT is empty: the product is not started.'],
  })
  expect(read({ DATABASE_URL: 'postgres://mine' })).toMatchObject({
    product: null,
    off: [expect.stringContaining('RUNBOOKS_DATABASE_URL is unset')],
  })
  expect(() => read({ RUNBOOKS_PORT: 'abc' })).toThrow(
    /has a fault:\n {2}- RUNBOOKS_PORT is "abc", but it must be a port from 1 to 65535\.\n`npm/,
  )
  expect(() => read({ RUNBOOKS_PORT: '4000' })).toThrow('PORT and RUNBOOKS_PORT are both 4000')
})

/** The process that last said in its log that it listens. */
function pidOf(folder: string): number {
  const lines = readFileSync(join(folder, 'runbooks.log'), 'utf8').trim().split('\n')
  const starts = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg.startsWith('Server listening'))
  return starts.at(-1).pid
}

async function post(url: string, body: object, headers: Record<string, string> = {}) {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const said = await reply.text()
  return { status: reply.status, body: said === '' ? null : JSON.parse(said) }
}
