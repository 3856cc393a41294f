import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newAddress, PASSWORD, register } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { listen } from './wire.ts'

const LARGEST = 64 * 1024
const JSON_TYPE = { 'content-type': 'application/json' }

let t: TestApp
let origin: string
beforeAll(async () => {
  t = await startTestApp()
  origin = await listen(t)
})
afterAll(() => t.close())

const post = (body: string, headers: Record<string, string> = JSON_TYPE) =>
  t.call('POST', '/v1/auth/login', { body, headers })
/** A sign-in whose body has exactly this many bytes. */
function ofSize(bytes: number): string {
  const [before, after] = ['{"email":"ada@customer.example","password":"x"', '}']
  return before + ' '.repeat(bytes - before.length - after.length) + after
}

describe('413', () => {
  test('a body of 64 KiB is read, one byte more is not', async () => {
    expect((await post(ofSize(LARGEST))).status).toBe(401)
    const refused = await post(ofSize(LARGEST + 1))
    expect([refused.status, refused.body.code]).toEqual([413, 'payload-too-large'])
  })

  test('neither when it comes in pieces, without its length', async () => {
    for (const [bytes, status] of [
      [LARGEST, 401],
      [LARGEST + 1, 413],
    ] as const) {
      const pieces = new Blob([ofSize(bytes)]).stream()
      const options: RequestInit & { duplex: 'half' } = { method: 'POST', body: pieces, duplex: 'half' }
      const reply = await fetch(`${origin}/v1/auth/login`, { ...options, headers: JSON_TYPE })
      expect(reply.status).toBe(status)
      await reply.body?.cancel()
    }
  })

  test('a password of a megabyte never reaches the hash', async () => {
    const reply = await post(JSON.stringify({ email: newAddress(), password: 'x'.repeat(1_000_000) }))
    expect(reply.status).toBe(413)
  })
})

describe('415', () => {
  test.for([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'nonsense',
    '',
  ])('a body of the type “%s” is not read', async (type, { expect }) => {
    const reply = await post('{"email":"ada@customer.example","password":"x"}', { 'content-type': type })
    expect([reply.status, reply.body.code]).toEqual([415, 'unsupported-media-type'])
  })

  test('a body without a type is not read', async () => {
    const body = new Blob(['{}']).stream()
    const options: RequestInit & { duplex: 'half' } = { method: 'POST', body, duplex: 'half' }
    const reply = await fetch(`${origin}/v1/auth/login`, options)
    expect(reply.status).toBe(415)
    await reply.body?.cancel()
  })

  test('a charset beside the type is fine', async () => {
    const reply = await post(ofSize(100), { 'content-type': 'application/json; charset=UTF-8' })
    expect(reply.status).toBe(401)
  })
})

describe('422', () => {
  test.for([
    '{',
    '{"email":',
    "{'email':1}",
    '{"email":1}}',
    'NaN',
    '\u0000',
    '{"email":"\u0001"}',
    '['.repeat(60_000),
  ])('what is not JSON is refused (%#)', async (body, { expect }) => {
    const reply = await post(body)
    expect([reply.status, reply.body.code]).toEqual([422, 'invalid-request'])
    expect(reply.body.errors).toEqual([{ pointer: '#', detail: 'The body is not JSON.' }])
  })

  test.for(['null', '[]', '"text"', '1', 'true', `${'['.repeat(30_000)}${']'.repeat(30_000)}`])(
    'JSON that is no object is refused (%#)',
    async (body, { expect }) => {
      const reply = await post(body)
      expect([reply.status, reply.body.code]).toEqual([422, 'invalid-request'])
    },
  )

  test('no body is a body without fields', async () => {
    for (const reply of [await post(''), await t.call('POST', '/v1/auth/login')]) {
      expect(reply.status).toBe(422)
      expect(reply.body.errors).toEqual([
        { pointer: '#/email', detail: 'is missing' },
        { pointer: '#/password', detail: 'is missing' },
      ])
    }
  })

  test('each fault is named by its pointer', async () => {
    const reply = await post('{"email":["ada@customer.example"],"token_delivery":"pigeon","a/b~c":1}')
    expect(reply.body.errors).toEqual(
      expect.arrayContaining([
        { pointer: '#/password', detail: 'is missing' },
        { pointer: '#/email', detail: 'must be string' },
        { pointer: '#/token_delivery', detail: 'must be one of cookie, body' },
        { pointer: '#/a~1b~0c', detail: 'is not a field of this operation' },
      ]),
    )
  })

  test('of very many faults the first ones are named', async () => {
    const fields = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`field${i}`, 1]))
    const reply = await post(JSON.stringify(fields))
    expect(reply.status).toBe(422)
    expect(reply.body.errors).toHaveLength(20)
  })

  test.for([[['ada@customer.example']], [{ address: 'ada@customer.example' }], [1], [null], [true]])(
    'an address that is no text registers nobody (%j)',
    async ([email], { expect }) => {
      const before = t.mailbox.size
      const reply = await t.call('POST', '/v1/auth/register', { body: { email, password: PASSWORD } })
      expect([reply.status, reply.body.code]).toEqual([422, 'invalid-request'])
      await t.settled()
      expect(t.mailbox.size).toBe(before)
    },
  )

  test('numbers and texts in a body are not taken for one another, in a query they are', async () => {
    const { accessToken: as } = await register(t)
    const renamed = await t.call('PATCH', '/v1/accounts/me', { as, body: { name: 17 } })
    expect(renamed.status).toBe(422)
    expect((await t.call('GET', '/v1/accounts?limit=1', { as })).status).toBe(200)
    for (const limit of ['0', '101', 'x', '1.5', ''])
      expect((await t.call('GET', `/v1/accounts?limit=${limit}`, { as })).status).toBe(422)
  })

  test('keys that reach for the prototype are refused and reach nothing', async () => {
    for (const body of [
      '{"__proto__":{"polluted":true}}',
      '{"email":"ada@customer.example","password":"x","__proto__":{"polluted":true}}',
      '{"constructor":{"prototype":{"polluted":true}}}',
      '{"email":{"__proto__":{"polluted":true}}}',
    ]) {
      const reply = await post(body)
      expect([reply.status, reply.body.code]).toEqual([422, 'invalid-request'])
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('a character that PostgreSQL cannot store is refused wherever it is, and is no error of ours', async () => {
    const { accessToken: as } = await register(t)
    const replies = await Promise.all([
      t.call('POST', '/v1/auth/register', {
        body: { email: newAddress(), password: PASSWORD, name: 'a\0b' },
      }),
      t.call('PATCH', '/v1/accounts/me', { as, body: { name: 'a\0b' } }),
      t.call('POST', '/v1/auth/password/reset', { body: { token: '\0', password: PASSWORD } }),
      t.call('GET', '/v1/accounts?cursor=%00', { as }),
      t.call('DELETE', '/v1/auth/sessions/%00', { as }),
    ])
    for (const reply of replies) expect([reply.status, reply.body.code]).toEqual([422, 'invalid-request'])
  })

  test('half a character is stored as the replacement character', async () => {
    const { accessToken: as } = await register(t, { name: 'half \ud83d' })
    expect((await t.call('GET', '/v1/me', { as })).body.name).toBe('half \ufffd')
  })
})
