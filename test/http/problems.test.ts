import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problems } from '../../src/problems.ts'
import { newAddress, PASSWORD, register, signIn } from '../support/people.ts'
import { productKey } from '../support/productKeys.ts'
import { startTestApp, startTestAppWith, type TestApp, type TestReply } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function linesAbout(app: TestApp, { body }: TestReply): Record<string, unknown>[] {
  const lines = app.logged.map((line) => JSON.parse(line) as Record<string, unknown>)
  return lines.filter(({ requestId }) => requestId === body.instance)
}

describe('a refusal', () => {
  test.for([
    ['GET', '/nowhere', 'not-found', 'none'],
    ['PUT', '/v1/me', 'method-not-allowed', 'none'],
    ['GET', '/v1/me', 'unauthenticated', 'getMe'],
    ['POST', '/v1/auth/login', 'invalid-request', 'signIn'],
    ['POST', '/v1/auth/refresh', 'session-expired', 'refreshSession'],
    ['GET', '/v1/%E0%A4%A', 'not-found', 'none'],
    ['GET', '/problems/nonsense', 'not-found', 'none'],
  ] as const)(
    'of %s %s has the shape of RFC 9457 and one line in the log',
    async ([method, url, code, operation], { expect }) => {
      const reply = await t.call(method, url)
      const { status, title, meaning } = problems[code]
      expect(reply.status).toBe(status)
      expect(reply.headers['content-type']).toBe('application/problem+json')
      expect(reply.headers['cache-control']).toBe('no-store')
      expect(reply.headers['x-content-type-options']).toBe('nosniff')
      const base = { type: `/problems/${code}`, title, status, code, instance: expect.stringMatching(UUID) }
      expect(reply.body).toMatchObject(base)
      if (code !== 'invalid-request' && code !== 'session-expired') expect(reply.body.detail).toBe(meaning)
      const lines = linesAbout(t, reply)
      expect(lines).toEqual([expect.objectContaining({ level: 'info', operation, method, status })])
    },
  )

  test('has an instance of its own each time, which nobody can choose', async () => {
    const headers = { 'x-request-id': 'chosen', 'request-id': 'chosen' }
    const replies = [
      await t.call('GET', '/nowhere', { headers }),
      await t.call('GET', '/nowhere', { headers }),
    ]
    expect(new Set(replies.map(({ body }) => body.instance)).size).toBe(2)
    expect(JSON.stringify(replies)).not.toContain('chosen')
  })

  test('links to a page that explains it', async () => {
    const { body } = await t.call('GET', '/nowhere')
    const page = await t.call('GET', body.type)
    expect(page.status).toBe(200)
    expect(page.text).toContain(problems['not-found'].remedy)
  })
})

describe('what nobody planned', () => {
  test('is 500 without its cause, which is logged once under the instance and without values', async () => {
    const broken = await startTestAppWith({}, { work: false })
    await sql`alter table audit_log rename to audit_log_away`.execute(broken.app.db)
    const email = newAddress('secretive')
    const reply = await broken.call('POST', '/v1/auth/register', { body: { email, password: PASSWORD } })
    expect([reply.status, reply.body.code]).toEqual([500, 'internal'])
    expect(reply.text).not.toContain('audit_log')
    const [error, request, ...more] = linesAbout(broken, reply)
    expect(more).toEqual([])
    expect(error).toMatchObject({
      level: 'error',
      operation: 'register',
      message: 'request failed',
      error: { code: '42P01', message: 'relation "audit_log" does not exist' },
    })
    expect(request).toMatchObject({ level: 'info', operation: 'register', status: 500 })
    const logged = broken.logged.join('')
    for (const secret of [email, PASSWORD]) expect(logged).not.toContain(secret)
  })
})

describe('the log', () => {
  test('is JSON, one line per request, and holds neither queries, addresses, tokens, cookies nor bodies', async () => {
    const person = await register(t, { name: 'Ada Lovelace' })
    const wrong = await signIn(t, person.email, 'the wrong password')
    expect(wrong.status).toBe(401)
    await t.call('GET', `/v1/accounts?limit=2&${person.email}=secret-query`, { as: person.accessToken })
    await t.call('GET', '/v1/forward-auth?require=plan:secret_plan', { as: person.accessToken })
    await t.call('POST', '/v1/auth/refresh', { cookies: { frontgate_session: person.refreshToken } })
    await t.call('POST', '/v1/auth/email/verify', { body: { token: 'secret-token' } })
    const { key } = await productKey(t, ['entitlements:read'], { name: 'A secret name' })
    await t.call('GET', `/v1/entitlements?account_id=${person.accountId}`, { as: key })
    // Where it does not belong, it is not written down either.
    await t.call('GET', `/v1/entitlements?account_id=${key}`, { as: key })
    await t.call('GET', `/v1/${key}`, { as: key })
    await t.call('POST', '/v1/auth/email/verify', { body: { token: key } })
    await t.mailsTo(person.email)
    for (const line of t.logged) expect(() => JSON.parse(line)).not.toThrow()
    const text = t.logged.join('')
    const secrets = ['secret', 'wrong password', 'Lovelace', PASSWORD, person.email, person.accessToken]
    for (const secret of [...secrets, key, person.refreshToken, person.email.split('@')[0] ?? ''])
      expect(text).not.toContain(secret)
    expect(text).toContain('"operation":"listAccounts"')
  })
})
