import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { TcpProxy } from '../db/tcpProxy.ts'
import { joined } from '../support/members.ts'
import { type Person, register, registerVerified, signIn } from '../support/people.ts'
import { DAY_SECONDS, setOverride } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'
import { ask, type Heard, upgrade } from './ask.ts'
import { type Running, startCaddy, startNginx, startProduct } from './programs.ts'

let t: TestApp
let product: Running
/** The way from the proxies to the gate. */
let way: TcpProxy
/** What the gate has been asked. */
const asked: { method: string | undefined; url: string | undefined; headers: IncomingHttpHeaders }[] = []

beforeAll(async () => {
  t = await startTestApp()
  way = await TcpProxy.start(await t.fastify.listen({ host: '127.0.0.1', port: 0 }))
  t.fastify.server.on('request', ({ method, url, headers }: IncomingMessage) => {
    asked.push({ method, url, headers })
  })
  product = await startProduct()
})
afterAll(async () => {
  await product.stop()
  await way.stop()
  await t.close()
})

const behind = () => ({ frontgate: new URL(way.url).host, product: `127.0.0.1:${product.port}` })

/** What the product was told under our names, in the one spelling it knows. */
const told = ({ body }: Heard) => {
  const ours = body.headers.filter(([name]: [string]) => name.includes('FRONTGATE'))
  return Object.fromEntries(
    ours.map(([name, value]: [string, string]) => [name.slice(12).toLowerCase(), value]),
  )
}

const as = ({ accessToken }: Person) => ({ as: accessToken })

async function signedInAgain(person: Person): Promise<Person> {
  const { body } = await signIn(t, person.email)
  return { ...person, accessToken: body.access_token }
}

/** Somebody verified whose trial is over. */
async function onFree(): Promise<Person> {
  const person = await registerVerified(t)
  await t.advance(14 * DAY_SECONDS)
  return signedInAgain(person)
}

// On a busy machine the first answer may take longer than a proxy should wait in production.
const patient: Record<string, [string, string][]> = {
  nginx: [['proxy_read_timeout 3s;', 'proxy_read_timeout 30s;']],
  Caddy: [['response_header_timeout 3s', 'response_header_timeout 30s']],
}

const proxies = [
  ['nginx', startNginx, 'nginx.conf'],
  ['Caddy', startCaddy, 'Caddyfile'],
] as const

describe.each(proxies)('%s', (name, start, file) => {
  let proxy: Running
  beforeAll(async () => {
    proxy = await start(file, behind(), patient[name])
  })
  afterAll(() => proxy?.stop())

  const via = (path: string, what?: Parameters<typeof ask>[2]) => ask(proxy.port, path, what)

  describe('what passes', () => {
    test('comes to the product with who it is, and with the token', async () => {
      const person = await register(t)
      const reply = await via('/api/runs?of=today', as(person))
      expect(reply.status).toBe(200)
      expect(reply.body).toMatchObject({ method: 'GET', path: '/api/runs?of=today' })
      expect(told(reply)).toEqual({
        user: person.userId,
        account: person.accountId,
        role: 'owner',
        plan: 'pro',
      })
      expect(reply.body.headers).toContainEqual(['AUTHORIZATION', `Bearer ${person.accessToken}`])
    })

    test('any method and any body, none of which the gate is sent', async () => {
      const person = await register(t)
      const body = Buffer.alloc(20_000_000, 'x')
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']) {
        asked.length = 0
        const reply = await via('/api/runs', {
          method,
          ...as(person),
          headers: [
            ['Cookie', 'session=of-the-product'],
            ['Expect', '100-continue'],
          ],
          ...(method !== 'HEAD' && { body }),
        })
        expect(reply.status, method).toBe(200)
        if (method !== 'HEAD') expect(reply.body).toMatchObject({ method, bytes: body.length })
        expect(asked).toHaveLength(1)
        expect(asked[0]).toMatchObject({
          method: 'GET',
          headers: { authorization: `Bearer ${person.accessToken}` },
        })
        for (const header of ['cookie', 'content-length', 'transfer-encoding', 'expect']) {
          expect(asked[0]?.headers).not.toHaveProperty(header)
        }
      }
    })

    test('an upgrade, as of a WebSocket', async () => {
      const person = await register(t)
      expect(await upgrade(proxy.port, '/api/live', person.accessToken)).toEqual({
        status: 101,
        lines: [person.userId, 'hello'],
      })
      expect((await upgrade(proxy.port, '/api/live', null)).status).toBe(401)
      expect((await upgrade(proxy.port, '/api/live', (await onFree()).accessToken)).status).toBe(402)
    })

    test('the product still refuses on its own account, in its own words', async () => {
      const reply = await via('/api/private', as(await register(t)))
      expect([reply.status, reply.body.path]).toEqual([403, '/api/private'])
    })

    test('many at once, each as who they are, over few connections', async () => {
      const people = await Promise.all([register(t), register(t)])
      const before = way.taken
      for (let i = 0; i < 30; i++) await via('/api/', as(people[0]))
      expect(way.taken - before).toBeLessThanOrEqual(2)
      const replies = await Promise.all(
        Array.from({ length: 100 }, (_, i) => via('/api/', as(people[i % 2] as Person))),
      )
      expect(replies.map(({ status }) => status)).toEqual(Array(100).fill(200))
      expect(replies.map((reply) => told(reply).user)).toEqual(replies.map((_, i) => people[i % 2]?.userId))
    })
  })

  describe('what is refused', () => {
    /** The refusal as the service itself words it, with what the caller got by the proxy. */
    async function compared(path: string, query: string, person: Person) {
      const [own, got] = [
        await t.call('GET', `/v1/forward-auth?${query}`, { as: person.accessToken }),
        await via(path, { method: 'POST', body: '{}', ...as(person) }),
      ]
      expect(got.status).toBe(own.status)
      expect({ ...got.body, instance: '' }).toEqual({ ...own.body, instance: '' })
      expect(got.headers['content-type']).toMatch(/^application\/problem\+json/)
      expect(got.headers['cache-control']).toBe('no-store')
      expect(got.headers['www-authenticate']).toBe(own.headers['www-authenticate'])
      for (const header of ['x-frontgate-status', 'x-frontgate-problem'])
        expect(got.headers).not.toHaveProperty(header)
      return got.body
    }

    test('401: no token', async () => {
      const reply = await via('/api/runs')
      expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Bearer'])
      expect(reply.body).toMatchObject({ code: 'unauthenticated', status: 401 })
    })

    test('401: a token that is over, made up, or of a session that has just been ended', async () => {
      const person = await register(t)
      expect((await via('/api/', as(person))).status).toBe(200)
      await t.call('POST', '/v1/auth/logout-all', { as: person.accessToken })
      expect(await compared('/api/', '', person)).toMatchObject({ code: 'session-expired' })
      expect(await compared('/api/', '', { ...person, accessToken: 'made-up' })).toMatchObject({
        code: 'unauthenticated',
      })
      const other = await register(t)
      t.moveClock(3600)
      expect(await compared('/api/', '', other)).toMatchObject({ code: 'unauthenticated' })
    })

    test('402: the trial is over, and what would open it', async () => {
      const person = await onFree()
      const body = await compared('/api/runs', 'require=plan:pro', person)
      expect(body).toMatchObject({
        reason: 'trial-expired',
        required_plan: 'pro',
        upgrade_url: expect.any(String),
      })
    })

    test('402: the feature is missing', async () => {
      const person = await register(t)
      await setOverride(t, person.accountId, 'features/scripts', false)
      const body = await compared('/api/scripts/1', 'require=plan:pro&feature=scripts', person)
      expect(body).toMatchObject({ code: 'feature-not-in-plan', feature: 'scripts' })
    })

    test('403: the mailbox is unverified after the grace; the role is too low', async () => {
      const person = await register(t)
      const member = await joined(t, person.accountId, 'member')
      expect((await via('/api/admin/', as(person))).status).toBe(200)
      expect(await compared('/api/admin/', 'role=admin', member)).toMatchObject({ code: 'forbidden' })
      await t.advance(8 * DAY_SECONDS)
      const body = await compared('/api/', 'require=plan:pro', await signedInAgain(person))
      expect(body).toMatchObject({ code: 'email-verification-required' })
    })

    test('422: a token twice, and a path that is written in another way, open nothing', async () => {
      const { accessToken } = await register(t)
      const twice = await via('/api/', {
        headers: [
          ['Authorization', `Bearer ${accessToken}`],
          ['Authorization', 'Bearer other'],
        ],
      })
      expect(twice.status).toBeGreaterThanOrEqual(400)
      for (const path of ['//api/runs', '/x/../api/runs', '/%61pi/runs', '/api%2fruns', '/./api/runs']) {
        expect([path, (await via(path)).status]).toEqual([path, 401])
      }
    })
  })

  test('nothing that looks like ours comes from outside, on any route and in any spelling', async () => {
    const person = await register(t)
    const names = [
      'X-Frontgate-User',
      'x-frontgate-user',
      'X-FRONTGATE-Account',
      'X-Frontgate-Role',
      'x-frontgate-plan',
    ]
    const spellings = names.flatMap((each) => [
      each,
      ...['_', '.', '~', '!'].map((sign) => each.replaceAll('-', sign)),
    ])
    const mixed = ['X-Frontgate_User', 'X_Frontgate-User', 'X-Frontgate-Status', 'X-Frontgate-Problem']
    const headers = [...spellings, ...names, ...mixed].map((each): [string, string] => [each, 'mallory'])
    const guarded = await via('/api/', { ...as(person), headers })
    expect(guarded.text).not.toContain('mallory')
    expect(told(guarded)).toEqual({
      user: person.userId,
      account: person.accountId,
      role: 'owner',
      plan: 'pro',
    })
    const open = await via('/', { ...as(person), headers })
    expect([open.status, told(open)]).toEqual([200, {}])
    expect(open.text).not.toContain('mallory')
  })

  describe('without the gate', () => {
    test('it is closed, what needs no gate is open, and all is open again once it is back', async () => {
      const person = await register(t)
      expect((await via('/api/', as(person))).status).toBe(200)
      await way.cut()
      for (const method of ['GET', 'POST']) {
        const closed = await via('/api/', { method, ...as(person) })
        expect([closed.status, closed.body.code]).toEqual([503, 'overloaded'])
        expect(Number(closed.headers['retry-after'])).toBeGreaterThan(0)
        expect(closed.headers['cache-control']).toBe('no-store')
      }
      expect((await via('/', as(person))).status).toBe(200)
      await way.restore()
      await expect.poll(async () => (await via('/api/', as(person))).status).toBe(200)
    })

    test('one that takes the question and says nothing is not waited for', async () => {
      const person = await register(t)
      const asItIs = await start(file, behind())
      onTestFinished(asItIs.stop)
      way.hold()
      const closed = await ask(asItIs.port, '/api/', as(person))
      expect([closed.status, closed.body.code]).toEqual([503, 'overloaded'])
      way.release()
      await way.cut()
      await way.restore()
      await expect.poll(async () => (await via('/api/', as(person))).status).toBe(200)
    })
  })
})

test.each(proxies)(
  '%s: 503 of a gate without its database, and when to ask again',
  async (name, start, file) => {
    const database = await TcpProxy.start(t.databaseUrl)
    onTestFinished(() => database.stop())
    const other = await startTestAppWith({ DATABASE_URL: database.url }, { work: false })
    const { host } = new URL(await other.fastify.listen({ host: '127.0.0.1', port: 0 }))
    const proxy = await start(file, { ...behind(), frontgate: host }, patient[name])
    onTestFinished(proxy.stop)
    const person = await register(t)
    await database.cut()
    const reply = await ask(proxy.port, '/api/', as(person))
    expect([reply.status, reply.body.code, reply.headers['retry-after']]).toEqual([503, 'overloaded', '5'])
    expect(reply.body.instance).toMatch(/^[0-9a-f-]{36}$/)
  },
)

test('nginx with the map for cookies: a page opens by a cookie, and nothing is changed by one', async () => {
  const [plain = ''] = / {4}# Whom Frontgate is asked about[^}]*}\n/.exec(read('nginx.conf')) ?? []
  const proxy = await startNginx('nginx.conf', behind(), [
    ...(patient.nginx ?? []),
    [plain, read('nginx-cookie.conf')],
  ])
  onTestFinished(proxy.stop)
  const [ada, eve] = [await register(t), await register(t)]
  const cookie: [string, string] = ['Cookie', `theme=dark; product_token=${ada.accessToken}`]
  for (const method of ['GET', 'HEAD']) {
    expect((await ask(proxy.port, '/api/', { method, headers: [cookie] })).status).toBe(200)
  }
  expect(told(await ask(proxy.port, '/api/', { headers: [cookie] })).user).toBe(ada.userId)
  for (const method of ['POST', 'PUT', 'DELETE']) {
    expect((await ask(proxy.port, '/api/', { method, headers: [cookie] })).status).toBe(401)
  }
  const upgrading: [string, string][] = [cookie, ['Connection', 'Upgrade'], ['Upgrade', 'websocket']]
  expect((await ask(proxy.port, '/api/', { headers: upgrading })).status).toBe(401)
  expect((await ask(proxy.port, '/api/')).status).toBe(401)
  expect(told(await ask(proxy.port, '/api/', { ...as(eve), headers: [cookie] })).user).toBe(eve.userId)
})

test.each(['nginx.conf', 'Caddyfile', 'traefik/dynamic.yml', 'envoy.yaml'])(
  '%s asks for what the service understands',
  async (file) => {
    const requirements = new Set(read(file).match(/\b(?:require|role)=[a-z:=&]+/g))
    expect([...requirements].sort()).toEqual([
      'require=plan:pro',
      'require=plan:pro&feature=scripts',
      'role=admin',
    ])
    const { accessToken } = await register(t)
    for (const requirement of requirements) {
      const reply = await t.call('GET', `/v1/forward-auth?${requirement}`, { as: accessToken })
      expect(reply.status, requirement).toBe(200)
    }
  },
)

const read = (file: string) =>
  readFileSync(new URL(`../../examples/proxies/${file}`, import.meta.url), 'utf8')
