import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
})
afterAll(() => t.close())

describe('404', () => {
  test.for([
    '/nowhere',
    '/v1',
    '/v1/nowhere',
    '/v1/me/',
    '/V1/ME',
    '//v1/me',
    '/v1/auth/sessions/a/b',
    '/problems/',
    '/.env',
  ])('%s is nowhere, with every method', async (path, { expect }) => {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS'] as const) {
      const reply = await t.call(method, path)
      expect([reply.status, reply.body.code, reply.headers.allow]).toEqual([404, 'not-found', undefined])
    }
  })

  test.for(['/problems/', '/v1/auth/sessions/'])(
    'a parameter of any length is no error (%s)',
    async (path, { expect }) => {
      const reply = await t.call('GET', `${path}${'x'.repeat(10_000)}`)
      expect([404, 405]).toContain(reply.status)
    },
  )

  test.for(['/%', '/v1/%E0%A4%A', '/%zz/me?a=b', '/v1/auth/sessions/%ff'])(
    'a path that cannot be decoded is nowhere (%s)',
    async (path, { expect }) => {
      const reply = await t.call('GET', path)
      expect([reply.status, reply.body.code]).toEqual([404, 'not-found'])
    },
  )
})

describe('404 for people', () => {
  const asBrowser = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } }

  test.for(['/nowhere', '/sign-in/', '/.env', '/x'.repeat(50)])(
    '%s is a page that says so, to a browser that opens it',
    async (path, { expect }) => {
      const reply = await t.call('GET', path, asBrowser)
      expect([reply.status, reply.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
      expect(reply.headers['content-security-policy']).toContain("script-src 'self'")
    },
  )

  test.for([
    '/v1/nowhere',
    '/V1/nowhere',
    '//v1/me',
    '/docs/nowhere',
    '/assets/nowhere.js',
    '/problems/nowhere',
  ])('%s is a problem, whatever is accepted', async (path, { expect }) => {
    const reply = await t.call('GET', path, asBrowser)
    expect([reply.status, reply.body?.code]).toEqual([404, 'not-found'])
  })

  test('nothing is sent to is a problem, and a known path says its methods', async () => {
    const sent = await t.call('POST', '/nowhere', asBrowser)
    expect([sent.status, sent.body.code]).toEqual([404, 'not-found'])
    const known = await t.call('GET', '/v1/auth/login', asBrowser)
    expect([known.status, known.body.code]).toEqual([405, 'method-not-allowed'])
  })
})

describe('405', () => {
  test.for([
    ['GET', '/v1/auth/login', 'POST'],
    ['HEAD', '/v1/auth/login', 'POST'],
    ['DELETE', '/v1/auth/login?x=1', 'POST'],
    ['POST', '/v1/accounts/me', 'DELETE, GET, HEAD, PATCH'],
    ['PUT', '/v1/me', 'DELETE, GET, HEAD, PATCH'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['OPTIONS', '/v1/auth/register', 'POST'],
    ['GET', '/v1/auth/sessions/0198c0de-0000-7000-8000-000000000000', 'DELETE'],
    ['POST', '/openapi.json', 'GET, HEAD'],
    ['POST', '/problems/internal', 'GET, HEAD'],
  ] as const)('%s %s says which methods there are', async ([method, path, allow], { expect }) => {
    const reply = await t.call(method, path)
    expect([reply.status, reply.headers.allow]).toEqual([405, allow])
    if (method === 'HEAD') expect(reply.text).toBe('')
    else expect(reply.body).toMatchObject({ status: 405, code: 'method-not-allowed' })
  })

  test('a body that comes with it is not read', async () => {
    const reply = await t.call('PUT', '/v1/me', {
      body: '{',
      headers: { 'content-type': 'application/json' },
    })
    expect(reply.status).toBe(405)
  })
})
