import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newNetwork } from '../support/networks.ts'
import { newAddress, PASSWORD, register, signIn } from '../support/people.ts'
import { startRangeServer } from '../support/rangeServer.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const post = (app: TestApp, body: object, from?: string, headers?: Record<string, string>) =>
  app.call('POST', '/v1/auth/register', { body, ...(from && { from }), ...(headers && { headers }) })

describe('201', () => {
  test.each([
    ['eight characters', 'xk7#qv9w'],
    ['256 characters of four bytes', '🦄'.repeat(256)],
    ['other alphabets', 'пароль-漢字-лошадь'],
    ['spaces at both ends', '  a plain sentence  '],
    ['more than 72 bytes', `${'long '.repeat(20)}end`],
  ])('a password of %s holds as it was typed, and no other', async (_what, password) => {
    const { email } = await register(t, { password })
    const from = newNetwork()
    expect((await signIn(t, email, password, from)).status).toBe(200)
    const near = [password.slice(0, 72), password.trim(), password.slice(0, -1), password.normalize('NFKD')]
    for (const other of near.filter((candidate) => candidate !== password)) {
      expect((await signIn(t, email, other, from)).status).toBe(401)
    }
  })

  test('a password that the range service does not know, or only lists as padding, is taken', async () => {
    const range = await startRangeServer({ 'padding of the list': 0, 'some other one': 12 })
    const u = await startTestAppWith({ BREACHED_PASSWORDS_URL: range.url })
    await register(u, { password: 'padding of the list' })
    await register(u, { password: 'never seen before' })
    expect(range.asked).toHaveLength(2)
    for (const path of range.asked) expect(path).toMatch(/^\/range\/[0-9A-F]{5}$/)
  })

  test.each([
    ['is down', async () => (await startRangeServer({}, { isDown: true })).url],
    ['answers with an error', async () => (await startRangeServer({}, { status: 503 })).url],
  ])('when the range service %s, the shipped list stands alone', async (_what, urlOf) => {
    const u = await startTestAppWith({ BREACHED_PASSWORDS_URL: await urlOf() })
    await register(u, { password: 'never seen before' })
    const common = await post(u, { email: newAddress(), password: 'password123' })
    expect(common.status).toBe(422)
    expect(common.body.reason).toBe('common')
    expect(u.logged.join('')).toContain('range service')
  })
})

describe('422', () => {
  test.each([
    ['too short', 'seven77', 'too-short'],
    ['empty', '', 'too-short'],
    ['seven characters of four bytes', '🦄'.repeat(7), 'too-short'],
    ['257 characters', 'x'.repeat(257), 'too-long'],
    ['the most common one', 'password', 'common'],
    ['a common one in capitals', 'PASSWORD', 'common'],
    ['common', 'qwertyuiop', 'common'],
    ['the address', 'ada.byron@customer.example', 'like-address'],
    ['the local part with a digit', 'ada.byron1', 'like-address'],
    ['a part of the address', 'customer', 'like-address'],
  ])('a password that is %s', async (_what, password, reason) => {
    const reply = await post(t, { email: 'ada.byron@customer.example', password })
    expect(reply.status).toBe(422)
    expect(reply.body).toMatchObject({ code: 'weak-password', reason, min_length: 8 })
    expect(await t.mailsTo('ada.byron@customer.example')).toEqual([])
  })

  test('a password that the range service knows', async () => {
    const range = await startRangeServer({ 'breached once upon a time': 3 })
    const u = await startTestAppWith({ BREACHED_PASSWORDS_URL: range.url })
    const reply = await post(u, { email: newAddress(), password: 'breached once upon a time' })
    expect(reply.status).toBe(422)
    expect(reply.body).toMatchObject({ code: 'weak-password', reason: 'breached' })
  })

  test('PASSWORD_MIN_LENGTH is what it says', async () => {
    const u = await startTestAppWith({ PASSWORD_MIN_LENGTH: '12' })
    const refused = await post(u, { email: newAddress(), password: 'eleven char' })
    expect(refused.body).toMatchObject({ reason: 'too-short', min_length: 12 })
    await register(u, { password: 'twelve chars' })
  })

  test.each([
    ['a list of addresses', { email: ['ada@customer.example', 'eve@evil.example'] }],
    ['an object', { email: { address: 'ada@customer.example' } }],
    ['a number', { email: 7 }],
    ['null', { email: null }],
    ['no address at all', { email: undefined }],
    ['no address by its form', { email: 'ada at customer' }],
    ['two addresses in one string', { email: 'ada@customer.example,eve@evil.example' }],
    ['an address with another header', { email: 'ada@customer.example\nBcc: eve@evil.example' }],
    ['an address that is a URL', { email: 'ada@customer.example/path' }],
    ['a list of passwords', { email: 'ada@customer.example', password: [PASSWORD] }],
    ['an unknown field', { email: 'ada@customer.example', role: 'operator' }],
    ['a name of spaces', { email: 'ada@customer.example', name: '   ' }],
    ['a name of two lines', { email: 'ada@customer.example', name: 'Ada\nLovelace' }],
    ['an account name of two lines', { email: 'ada@customer.example', account_name: 'Engines\nLtd' }],
  ])('%s: refused, and no mail to anybody', async (_what, fields) => {
    const reply = await post(t, { password: PASSWORD, ...fields })
    expect(reply.status).toBe(422)
    expect(reply.body.code).toBe('invalid-request')
    expect(reply.body.errors.length).toBeGreaterThan(0)
    expect(await t.mailsTo('ada@customer.example')).toEqual([])
    expect(await t.mailsTo('eve@evil.example')).toEqual([])
  })
})
