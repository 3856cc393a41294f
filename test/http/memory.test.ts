import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CrossOrigin } from '../../src/http/crossOrigin.ts'
import { Memory } from '../../src/http/memory.ts'
import { operatorToken, register } from '../support/people.ts'
import { startTestApp, type TestApp, type TestCall, type TestReply } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({ PRODUCT_ORIGINS: 'https://app.company.example' })
})
afterAll(() => t.close())

const asks: [string, Omit<TestCall, 'as'>][] = [
  ['/v1/billing/state', {}],
  ['/v1/billing/state?unknown=1', {}],
  ['/v1/billing/state', { headers: { 'if-none-match': '*' } }],
  ['/v1/billing/state', { headers: { 'if-none-match': '"another"' } }],
  ['/v1/billing/state', { headers: { origin: 'https://app.company.example' } }],
  ['/v1/billing/state', { headers: { origin: 'https://elsewhere.example' } }],
  ['/v1/forward-auth', {}],
  ['/v1/forward-auth?require=plan:pro', {}],
  ['/v1/forward-auth?require=plan:pro&feature=flowpilot&feature=scripts', {}],
  ['/v1/forward-auth?require=plan:pro&role=admin&refuse=403', {}],
  ['/v1/forward-auth?role=owner&role=viewer', {}],
  ['/v1/forward-auth?role=king', {}],
  ['/v1/forward-auth?refuse=402', {}],
  ['/v1/forward-auth?refuse=403&refuse=403', {}],
  ['/v1/forward-auth?require=plan:enterprise&refuse=403', {}],
  ['/v1/forward-auth?require=plan%3Apro', {}],
  ['/v1/forward-auth?require=plan:pro&require=plan:free', {}],
  ['/v1/forward-auth?require=plan:enterprise', {}],
  ['/v1/forward-auth?require=plan:nothing', {}],
  ['/v1/forward-auth?feature=nothing', {}],
  ['/v1/forward-auth?feature=plan:pro', {}],
  ['/v1/forward-auth?require=pro', {}],
  ['/v1/forward-auth?unknown=1', {}],
]

describe('what is asked again', () => {
  test.each(asks)('%s %j is answered as it was the first time', async (url, options) => {
    const { accessToken: as } = await register(t)
    const first = await t.call('GET', url, { ...options, as })
    const again = await t.call('GET', url, { ...options, as })
    expect(comparable(again)).toEqual(comparable(first))
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)('%s asks like GET', async (method) => {
    const { accessToken: as } = await register(t)
    const headers = { 'content-length': '0' }
    const got = await t.call('GET', '/v1/forward-auth?require=plan:pro', { as })
    for (let i = 0; i < 2; i++) {
      const asked = await t.call(method, '/v1/forward-auth?require=plan:pro', { as, headers })
      expect(comparable(asked)).toEqual(comparable(got))
    }
  })

  test('is logged and counted like the first time', async () => {
    const { accessToken: as } = await register(t)
    const logged = t.logged.length
    for (let i = 0; i < 3; i++) await t.call('GET', '/v1/billing/state', { as })
    const lines = t.logged.slice(logged).map((line) => JSON.parse(line))
    expect(lines.map(({ operation, status, method }) => [operation, status, method])).toEqual(
      Array.from({ length: 3 }, () => ['getBillingState', 200, 'GET']),
    )
    expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(3)
  })

  test('is refused as soon as the session has ended', async () => {
    const { accessToken: as } = await register(t)
    await t.call('GET', '/v1/billing/state', { as })
    expect((await t.call('GET', '/v1/billing/state', { as })).status).toBe(200)
    await t.call('POST', '/v1/auth/logout-all', { as })
    expect((await t.call('GET', '/v1/billing/state', { as })).body.code).toBe('session-expired')
  })

  test('is refused with a second token beside the remembered one, and to operators', async () => {
    const { accessToken: as } = await register(t)
    await t.call('GET', '/v1/billing/state', { as })
    const two = { authorization: `Bearer ${as} ${as}` }
    expect((await t.call('GET', '/v1/billing/state', { headers: two })).status).toBe(401)
    const operator = await operatorToken(t)
    for (let i = 0; i < 2; i++) {
      expect((await t.call('GET', '/v1/billing/state', { as: operator })).status).toBe(401)
    }
  })

  test('changes with the time alone', async () => {
    const { accessToken: as } = await register(t)
    const before = await t.call('GET', '/v1/billing/state', { as })
    await t.advance(300)
    const after = await t.call('GET', '/v1/billing/state', { as })
    expect(after.headers.etag).toBe(before.headers.etag)
    await t.advance(301)
    expect((await t.call('GET', '/v1/billing/state', { as })).status).toBe(401)
  })
})

test('an operation that breaks is left to the router, which answers for it and logs why', () => {
  const memory = new Memory(t.app, {}, new CrossOrigin([]))
  memory.add({ operationId: 'getBroken', method: 'GET', url: '/broken' }, () => {
    throw new Error('A fault in the program')
  })
  const request = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/broken' })
  expect(memory.answer(request, new ServerResponse(request))).toBe(false)
})

function comparable({ status, body, headers }: TestReply) {
  const { date, 'x-frontgate-problem': _carried, ...stable } = headers
  return { status, body: { ...body, instance: undefined }, headers: stable }
}
