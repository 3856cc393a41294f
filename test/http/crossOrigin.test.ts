import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD, register } from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

const PRODUCT = 'https://app.company.example'
const OTHER_PRODUCT = 'http://localhost:5173'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({ PRODUCT_ORIGINS: `${PRODUCT},${OTHER_PRODUCT}` }, { work: false })
})
afterAll(() => t.close())

/** What browsers look at before a page may read an answer. */
const corsOf = (headers: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')))

const mayRead = (origin: string) => ({
  'access-control-allow-origin': origin,
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'content-disposition, etag, retry-after, www-authenticate',
})

describe('a page of the product', () => {
  test.for([PRODUCT, OTHER_PRODUCT])(
    'of %s may read answers, with the session',
    async (origin, { expect }) => {
      const { accessToken: as } = await register(t)
      for (const [url, status] of [
        ['/v1/config', 200],
        ['/v1/billing/state', 200],
        // From memory, this time.
        ['/v1/billing/state', 200],
        ['/.well-known/jwks.json', 200],
        ['/v1/accounts/me/members?limit=0', 422],
        ['/v1/nowhere', 404],
      ] as const) {
        const reply = await t.call('GET', url, { as, headers: { origin } })
        expect({ url, status: reply.status }).toEqual({ url, status })
        expect(corsOf(reply.headers)).toEqual(mayRead(origin))
        expect(reply.headers.vary).toBe('origin')
      }
    },
  )

  test('may read why it is refused, and when to come back', async () => {
    const headers = { origin: PRODUCT }
    const refused = await t.call('GET', '/v1/me', { headers })
    expect(refused).toMatchObject({ status: 401, headers: mayRead(PRODUCT) })
    const malformed = { ...headers, 'content-type': 'application/json' }
    const unreadable = await t.call('POST', '/v1/auth/login', { headers: malformed, body: '{' })
    expect(unreadable).toMatchObject({ status: 422, headers: mayRead(PRODUCT) })
  })

  test('may ask for second factors and prove them, and change none', async () => {
    const allowedFor = async (url: string, method: string) => {
      const headers = { origin: PRODUCT, 'access-control-request-method': method }
      return (await t.call('OPTIONS', url, { headers })).headers['access-control-allow-origin'] === PRODUCT
    }
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/question'],
      ['POST', '/prove'],
    ] as const)
      expect(await allowedFor(`/v1/me/factors${path}`, method)).toBe(true)
    for (const path of ['/totp', '/totp/confirm', '/passkeys/options', '/passkeys', '/recovery-codes'])
      for (const parent of ['/v1/me/factors', '/v1/me/%66actors'])
        expect(await allowedFor(`${parent}${path}`, 'POST')).toBe(false)
  })

  test('may send what operations take: a browser that asks first is told so, without a token', async () => {
    const asked = {
      origin: PRODUCT,
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'authorization,content-type',
    }
    const logged = t.logged.length
    const reply = await t.call('OPTIONS', '/v1/accounts/me', { headers: asked })
    expect(reply.status).toBe(204)
    expect(reply.text).toBe('')
    expect(corsOf(reply.headers)).toEqual({
      ...mayRead(PRODUCT),
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'authorization, content-type, if-none-match',
      'access-control-max-age': '7200',
    })
    expect(t.logged.slice(logged).map((line) => JSON.parse(line))).toMatchObject([
      { operation: 'preflight', method: 'OPTIONS', status: 204 },
    ])
  })

  test('asks through a proxy in vain whether a preflight may pass: that takes a token', async () => {
    const headers = { origin: PRODUCT, 'access-control-request-method': 'POST' }
    const reply = await t.call('OPTIONS', '/v1/forward-auth?require=plan:pro', { headers })
    expect(reply.status).toBe(401)
    expect(corsOf(reply.headers)).toEqual({})
  })

  test('may call with every method and header that operations have', async () => {
    const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
    const { body } = await t.call('GET', '/openapi.json')
    for (const operations of Object.values<Record<string, { parameters?: { in: string }[] }>>(body.paths))
      for (const [method, { parameters = [] }] of Object.entries(operations)) {
        expect(methods).toContain(method.toUpperCase())
        expect(parameters.filter((parameter) => parameter.in === 'header')).toEqual([])
      }
  })
})

describe('a page of any other origin', () => {
  const foreign = [
    'https://elsewhere.example',
    'null',
    'http://app.company.example',
    'https://app.company.example:8443',
    'https://app.company.example.elsewhere.example',
    'https://evil.app.company.example',
    'https://evilapp.company.example',
    'https://company.example',
    'https://APP.company.example',
    'https://app.company.example/',
    `${PRODUCT}, ${OTHER_PRODUCT}`,
    '',
    '*',
  ]

  test.for(foreign)('%j is told nothing by answers, nor by preflights', async (origin, { expect }) => {
    const { accessToken: as } = await register(t)
    for (const url of ['/v1/config', '/v1/billing/state', '/v1/billing/state', '/v1/nowhere']) {
      const { headers } = await t.call('GET', url, { as, headers: { origin } })
      expect(corsOf(headers)).toEqual({})
      expect(headers.vary).toBe('origin')
    }
    const asked = { origin, 'access-control-request-method': 'POST' }
    const preflight = await t.call('OPTIONS', '/v1/auth/login', { headers: asked })
    expect(preflight.status).toBe(405)
    expect(corsOf(preflight.headers)).toEqual({})
  })

  test('cannot read what the session cookie brings, though browsers of the same site send it', async () => {
    const { email } = await register(t)
    const { cookies } = await t.call('POST', '/v1/auth/login', { body: { email, password: PASSWORD } })
    const origin = 'https://other.company.example'
    const reply = await t.call('POST', '/v1/auth/refresh', { cookies, headers: { origin } })
    expect(reply.status).toBe(200)
    expect(corsOf(reply.headers)).toEqual({})
  })
})

describe('what pages never read from elsewhere', () => {
  test.for([
    '/v1/auth/oauth/google/start',
    '/v1/auth/oauth/google/callback',
    '/sign-in',
    '/account',
    '/docs',
    '/openapi.json',
    '/healthz',
    '/metrics',
    '/v1',
    '//v1/config',
  ])('%s is not shared with the product either', async (url, { expect }) => {
    const { headers } = await t.call('GET', url, { headers: { origin: PRODUCT } })
    expect(corsOf(headers)).toEqual({})
    const asked = { origin: PRODUCT, 'access-control-request-method': 'GET' }
    const preflight = await t.call('OPTIONS', url, { headers: asked })
    expect(preflight.status).toBeGreaterThanOrEqual(400)
    expect(corsOf(preflight.headers)).toEqual({})
  })

  test('without PRODUCT_ORIGINS nothing is shared, and answers do not vary', async () => {
    const closed = await startTestAppWith({}, { work: false })
    const { headers } = await closed.call('GET', '/v1/config', { headers: { origin: PRODUCT } })
    expect(corsOf(headers)).toEqual({})
    expect(headers.vary).toBeUndefined()
  })
})

test('OPTIONS without the question of a browser is refused as before, and names the methods', async () => {
  const reply = await t.call('OPTIONS', '/v1/auth/login', { headers: { origin: PRODUCT } })
  expect(reply).toMatchObject({ status: 405, headers: { allow: 'POST' } })
})
