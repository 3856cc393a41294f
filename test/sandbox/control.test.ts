import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../sandbox/startSandbox.ts'
import { TEMPLATE } from '../support/globalSetup.ts'
import { createScratchDatabase, dropScratchDatabase } from '../support/scratchPostgres.ts'
import { testEnvironment } from '../support/testEnvironment.ts'

const DAY = 24 * 60 * 60
const database = `test_${randomUUID().replaceAll('-', '')}`
const folder = mkdtempSync(join(tmpdir(), 'frontgate-control-'))
let sandbox: Sandbox

beforeAll(async () => {
  const DATABASE_URL = await createScratchDatabase(inject('serverUrl'), database, TEMPLATE)
  const env = { ...testEnvironment, PUBLIC_URL: '', PORT: '0', SANDBOX_PORT: '0', DATABASE_URL }
  sandbox = await startSandbox({ env, folder })
})
afterAll(async () => {
  await sandbox?.stop()
  await dropScratchDatabase(inject('serverUrl'), database)
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  await control('DELETE', '/mailbox')
})

describe('GET /control/mailbox', () => {
  test('shows the mail of who has just registered, in any case of the address', async () => {
    const { email } = await register('Ada')
    const { status, body } = await control('GET', `/mailbox?to=${email.toUpperCase()}`)
    expect(status).toBe(200)
    expect(body.data).toHaveLength(1)
    expect(body.data[0]).toMatchObject({
      to: email,
      links: [expect.stringContaining(`${sandbox.serviceUrl}/`)],
    })
    expect((await control('GET', '/mailbox?to=nobody@example.com')).body).toEqual({ data: [] })
  })

  test('is empty after DELETE', async () => {
    await register('ada')
    expect((await control('DELETE', '/mailbox')).status).toBe(204)
    expect((await control('GET', '/mailbox')).body).toEqual({ data: [] })
  })
})

describe('POST /control/clock/advance', () => {
  test('goes there day by day and answers once what became due is done', async () => {
    const before = await now()
    const { email } = await register('ada')
    const { status, body } = await control('POST', '/clock/advance', { seconds: 15 * DAY })
    expect(status).toBe(200)
    expect(Date.parse(body.now) - before).toBeGreaterThanOrEqual(15 * DAY * 1000)
    const { data } = (await control('GET', `/mailbox?to=${email}`)).body
    const days = data.map((mail: { received_at: string }) =>
      Math.floor((Date.parse(mail.received_at) - before) / DAY / 1000),
    )
    expect(days).toEqual([13, 11, 0])
  })

  test('moves made at once add up', async () => {
    const before = await now()
    await Promise.all([1, 2, 3].map((hours) => control('POST', '/clock/advance', { seconds: hours * 3600 })))
    expect((await now()) - before).toBeGreaterThanOrEqual(6 * 3_600_000)
  })

  test('takes fractions', async () => {
    expect((await control('POST', '/clock/advance', { seconds: 0.5 })).status).toBe(200)
  })

  test.each([
    { seconds: 0 },
    { seconds: -1 },
    { seconds: '60' },
    { seconds: 1e15 },
    { seconds: 60, days: 1 },
    {},
    [],
    undefined,
  ])('422 for %j, and the clock stays', async (body) => {
    const before = await now()
    const { status, body: problem } = await control('POST', '/clock/advance', body)
    expect(status).toBe(422)
    expect(problem).toEqual({ title: expect.any(String), detail: expect.any(String) })
    expect((await now()) - before).toBeLessThan(DAY)
  })
})

describe('POST /control/mailbox/refuse', () => {
  test('550: the mail never arrives', async () => {
    const email = newAddress('gone')
    expect((await control('POST', '/mailbox/refuse', { to: email, code: 550 })).status).toBe(204)
    await register(email)
    await control('POST', '/clock/advance', { seconds: DAY })
    expect((await control('GET', `/mailbox?to=${email}`)).body.data).toEqual([])
  })

  test('451: the mail arrives when it is tried again', async () => {
    const email = newAddress('busy')
    await control('POST', '/mailbox/refuse', { to: email, code: 451, times: 2 })
    await register(email)
    expect((await control('GET', `/mailbox?to=${email}`)).body.data).toEqual([])
    for (const _time of [1, 2]) await control('POST', '/clock/advance', { seconds: 3600 })
    expect((await control('GET', `/mailbox?to=${email}`)).body.data).toHaveLength(1)
  })

  test.each([
    { to: 'a@b.example', code: 551 },
    { to: 'nobody', code: 550 },
    { to: 'a@b.example', code: 550, times: -1 },
  ])('422 for %j', async (body) => expect((await control('POST', '/mailbox/refuse', body)).status).toBe(422))
})

describe('POST /control/operators', () => {
  test('answers with a token the service takes, for the same operator each time', async () => {
    const { status, body } = await control('POST', '/operators', { email: 'Ops@Example.com' })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(String),
      email: 'ops@example.com',
      access_token: expect.any(String),
    })
    const accounts = await fetch(`${sandbox.serviceUrl}/v1/operator/accounts`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    })
    expect(accounts.status).toBe(200)
    await accounts.body?.cancel()
    expect((await control('POST', '/operators', { email: 'ops@example.com' })).body.id).toBe(body.id)
  })

  test('422 for what is no address', async () => {
    expect((await control('POST', '/operators', { email: 'nobody' })).status).toBe(422)
  })
})

describe('POST /control/operators/link', () => {
  test('makes an operator, whose mail has the link that signs them in', async () => {
    const email = newAddress('staff')
    const { status, body } = await control('POST', '/operators/link', { email: email.toUpperCase() })
    expect(status).toBe(202)
    expect(body).toEqual({ id: expect.any(String), email })
    const { data } = (await control('GET', `/mailbox?to=${email}`)).body
    expect(data).toMatchObject([{ to: email }])
    const link = new URL(data[0].links[0])
    expect(link.origin + link.pathname).toBe(`${sandbox.serviceUrl}/operator/sign-in`)
    const answer = await fetch(`${sandbox.serviceUrl}/v1/operator/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: link.searchParams.get('token') }),
    })
    expect(await answer.json()).toMatchObject({ operator: { id: body.id, email } })
  })

  test('422 for what is no address', async () => {
    expect((await control('POST', '/operators/link', { email: 'nobody' })).status).toBe(422)
  })
})

describe('who may call', () => {
  test.each([
    ['another name', 421, { host: 'attacker.example' }],
    ['a page of another site', 403, { 'sec-fetch-site': 'cross-site' }],
    ['a form', 415, { 'content-type': 'text/plain' }],
    ['localhost', 422, { host: 'localhost:4100' }],
    ['IPv6 loopback', 422, { host: '[::1]:4100' }],
  ])('%s: %i', async (_who, status, headers) => {
    const reply = await raw('POST', '/control/clock/advance', headers, '{}')
    expect(reply.status).toBe(status)
    expect(reply.body).toEqual({ title: expect.any(String), detail: expect.any(String) })
  })

  test('what is not JSON is 400, what does not exist 404', async () => {
    expect((await raw('POST', '/control/clock/advance', {}, '{')).status).toBe(400)
    expect((await control('GET', '/nothing')).status).toBe(404)
    expect((await control('GET', '/mailbox?from=a@b.example')).status).toBe(422)
  })
})

describe('the pages', () => {
  test('show the clock, the mailbox and a mail, none of whose words are markup', async () => {
    const name = '<img src=x onerror=alert(1)>'
    const { email } = await register('ada', { account_name: name })
    await control('POST', '/clock/advance', { seconds: 12 * DAY })
    const [mail] = (await control('GET', `/mailbox?to=${email}`)).body.data
    for (const path of [
      '/',
      `/mailbox?to=${email}`,
      `/mailbox/${mail.id}`,
      `/mailbox/${mail.id}?view=text`,
    ]) {
      const page = await fetch(sandbox.sandboxUrl + path)
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
      const text = await page.text()
      expect(text).toContain('Frontgate')
      expect(text).not.toContain('<img src=x')
    }
    const message = await fetch(`${sandbox.sandboxUrl}/mailbox/${mail.id}/html`)
    expect(message.headers.get('content-security-policy')).toMatch(/^sandbox allow-popups/)
    expect(await message.text()).toContain('<base target="_blank">')
  })
})

async function now(): Promise<number> {
  return Date.parse((await control('GET', '/clock')).body.now)
}

let people = 0
function newAddress(word: string): string {
  return `${word.toLowerCase()}-${++people}@customer.example`
}

async function register(who: string, fields: object = {}): Promise<{ email: string }> {
  const email = who.includes('@') ? who : newAddress(who)
  const reply = await fetch(`${sandbox.serviceUrl}/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: 'correct horse battery staple', ...fields }),
  })
  expect(reply.status, await reply.text()).toBe(201)
  return { email }
}

function control(method: string, path: string, body?: unknown) {
  return raw(method, `/control${path}`, {}, body === undefined ? '' : JSON.stringify(body))
}

/** Not with fetch, which sets the headers that this is about. */
function raw(method: string, path: string, headers: Record<string, string>, body: string) {
  // biome-ignore lint/suspicious/noExplicitAny: the shape of each reply is what the tests assert
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; body: any }>()
  const sent = request(sandbox.sandboxUrl + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
  })
  sent.on('error', reject)
  sent.on('response', async (reply) => {
    const isEmpty = reply.statusCode === 204
    resolve({ status: reply.statusCode, body: isEmpty ? reply.resume() && null : await json(reply) })
  })
  sent.end(body)
  return promise
}
