import { hash } from '@node-rs/argon2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setCookies } from '../support/cookies.ts'
import { newNetwork } from '../support/networks.ts'
import { newAddress, PASSWORD, type Person, register, registerVerified, signIn } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { startTestApp, startTestAppWith, type TestApp, type TestReply } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'
import { withoutPassword, withProviders } from '../support/withoutPassword.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp(withProviders)
})
afterAll(() => t.close())

const post = (body: object, from = newNetwork()) => t.call('POST', '/v1/auth/login', { body, from })

describe('200', () => {
  test('the right password gives tokens that work', async () => {
    const person = await registerVerified(t, { name: 'Ada' })
    const reply = await post({ email: person.email, password: PASSWORD, token_delivery: 'body' })
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 600,
      user: { id: person.userId, email: person.email, name: 'Ada', email_verified: true },
      account: { id: person.accountId, role: 'owner' },
    })
    expect((await t.call('GET', '/v1/me', { as: reply.body.access_token })).status).toBe(200)
    const body = { refresh_token: reply.body.refresh_token }
    expect((await t.call('POST', '/v1/auth/refresh', { body })).status).toBe(200)
  })

  test('the address is found however it is typed', async () => {
    const { email } = await register(t)
    expect((await post({ email: ` ${email.toUpperCase()} `, password: PASSWORD })).status).toBe(200)
  })

  test('browsers get a cookie that no script reads, and nothing may keep the reply', async () => {
    const { email } = await register(t)
    const reply = await post({ email, password: PASSWORD })
    expect(reply.body).not.toHaveProperty('refresh_token')
    expect(reply.headers['cache-control']).toBe('no-store')
    const { frontgate_session: session } = setCookies(reply)
    expect(session?.attributes).toEqual(expect.arrayContaining(['path=/', 'httponly', 'samesite=lax']))
    expect((await t.call('POST', '/v1/auth/refresh', { cookies: reply.cookies })).status).toBe(200)
  })

  test('on https the cookie is tied to the host and to https', async () => {
    const u = await startTestAppWith({ PUBLIC_URL: 'https://gate.example' })
    const { email } = await register(u)
    const reply = await u.call('POST', '/v1/auth/login', { body: { email, password: PASSWORD } })
    const cookie = setCookies(reply)['__Host-frontgate_session']
    expect(cookie?.attributes).toEqual(
      expect.arrayContaining(['path=/', 'secure', 'httponly', 'samesite=lax']),
    )
    expect(reply.headers['strict-transport-security']).toContain('max-age=31536000')
  })

  test('a device that was not seen before is told of by mail, the same one is not', async () => {
    const { email } = await registerVerified(t)
    const from = newNetwork()
    const headers = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' }
    const enter = () =>
      t.call('POST', '/v1/auth/login', { body: { email, password: PASSWORD }, from, headers })
    await enter()
    await enter()
    const notices = (await t.mailsTo(email)).filter(({ subject }) => subject.includes('New sign-in'))
    expect(notices).toHaveLength(1)
    expect(notices[0]?.text).toContain('Firefox on Linux')
  })

  test('signing in from everywhere does not fill a mailbox', async () => {
    const { email } = await register(t)
    for (let i = 0; i < 12; i++) expect((await post({ email, password: PASSWORD })).status).toBe(200)
    expect((await t.mailsTo(email)).filter(({ subject }) => subject.includes('New sign-in'))).toHaveLength(5)
    await t.advance(3601)
    await post({ email, password: PASSWORD })
    expect((await t.mailsTo(email)).filter(({ subject }) => subject.includes('New sign-in'))).toHaveLength(6)
  })

  test('beyond SESSIONS_PER_USER the oldest session ends, and the trail says so', async () => {
    const u = await startTestAppWith({ SESSIONS_PER_USER: '3' })
    const person = await register(u)
    const tokens = [person.accessToken]
    for (let i = 0; i < 3; i++) {
      await u.advance(1)
      tokens.push((await signIn(u, person.email)).body.access_token)
    }
    const statuses = []
    for (const as of tokens) statuses.push((await u.call('GET', '/v1/me', { as })).status)
    expect(statuses).toEqual([401, 200, 200, 200])
    const dead = await u.call('POST', '/v1/auth/refresh', { body: { refresh_token: person.refreshToken } })
    expect(dead.status).toBe(401)
    const evicted = (await trailOf(u, person.userId)).filter(({ action }) => action === 'session.ended')
    expect(evicted).toMatchObject([{ details: { because: 'evicted' } }])
  })

  test('of many at once exactly SESSIONS_PER_USER stay', async () => {
    const u = await startTestAppWith({ SESSIONS_PER_USER: '3' })
    const person = await register(u)
    const replies = await Promise.all(Array.from({ length: 8 }, () => signIn(u, person.email)))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    const statuses = await Promise.all(
      replies.map(async ({ body }) => (await u.call('GET', '/v1/me', { as: body.access_token })).status),
    )
    expect(statuses.filter((status) => status === 200)).toHaveLength(3)
  })
})

describe('200, with another hash from then on', () => {
  const hashOf = async ({ userId }: Person) => {
    const { rows } = await t.app.pool.query('select password_hash from users where id = $1', [userId])
    return String(rows[0]?.password_hash)
  }

  test('when the settings ask for more than the stored one cost', async () => {
    const person = await register(t)
    const stronger = await startReplica(t, { ARGON2_MEMORY_KIB: '2048', ARGON2_PASSES: '2' })
    const login = (password: string) => stronger.post('/v1/auth/login', { email: person.email, password })
    expect((await login('not the password')).status).toBe(401)
    expect(await hashOf(person)).toContain('$m=1024,t=1,p=1$')
    expect((await login(PASSWORD)).status).toBe(200)
    const upgraded = await hashOf(person)
    expect(upgraded).toContain('$m=2048,t=2,p=1$')
    expect((await login(PASSWORD)).status).toBe(200)
    expect(await hashOf(person)).toBe(upgraded)
    expect((await login('not the password')).status).toBe(401)
  })

  test('when the stored one was made elsewhere, and all sessions go on', async () => {
    const person = await register(t)
    const foreign = await hash(PASSWORD, { algorithm: 2, memoryCost: 2048, timeCost: 3, parallelism: 2 })
    await t.app.pool.query('update users set password_hash = $2 where id = $1', [person.userId, foreign])
    expect((await post({ email: person.email, password: PASSWORD })).status).toBe(200)
    expect(await hashOf(person)).toContain('$m=1024,t=1,p=1$')
    expect((await t.call('GET', '/v1/me', { as: person.accessToken })).status).toBe(200)
  })
})

describe('401', () => {
  const visible = ({ status, headers, body }: TestReply) => {
    const { date: _date, ...others } = headers
    return { status, headers: others, body: { ...body, instance: null } }
  }

  test('every address is refused the same: known, unverified, deleted, unknown', async () => {
    const [verified, unverified, deleted] = [await registerVerified(t), await register(t), await register(t)]
    await t.call('DELETE', '/v1/me', { as: deleted.accessToken, body: {} })
    const answers = []
    for (const { email } of [verified, unverified, deleted, { email: newAddress() }]) {
      answers.push(visible(await post({ email, password: 'not the password' })))
    }
    expect(answers[0]).toMatchObject({ status: 401, body: { code: 'invalid-credentials' } })
    expect(answers[0]?.headers).not.toHaveProperty('set-cookie')
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })

  test('a stored hash that cannot be read is a wrong password', async () => {
    const person = await register(t)
    await t.app.pool.query(`update users set password_hash = 'garbage' where id = $1`, [person.userId])
    expect((await post({ email: person.email, password: PASSWORD })).status).toBe(401)
  })

  test('each refusal is in the trail, with who was meant and where it came from', async () => {
    const person = await register(t)
    const from = newNetwork()
    await post({ email: person.email, password: 'not the password' }, from)
    const [entry] = await trailOf(t, person.userId)
    expect(entry).toMatchObject({
      action: 'sign-in.refused',
      actor_kind: 'anyone',
      actor_id: null,
      ip: from,
      user_agent: 'test',
    })
  })
})

describe('409', () => {
  test('somebody without a password is told what they sign in with, and it counts as a failure', async () => {
    const person = await registerVerified(t)
    await withoutPassword(t, person, 'google')
    await withoutPassword(t, person, 'microsoft')
    const replies = []
    for (let i = 0; i < 11; i++) replies.push(await post({ email: person.email, password: PASSWORD }))
    expect(replies.map(({ status }) => status)).toEqual([...Array(10).fill(409), 429])
    expect(replies[0]?.body).toMatchObject({
      code: 'use-oauth-provider',
      providers: ['google', 'microsoft'],
    })
    const refused = (await trailOf(t, person.userId)).filter(({ action }) => action === 'sign-in.refused')
    expect(refused).toHaveLength(10)
  })
})

describe('422', () => {
  test.each([
    ['a list of addresses', { email: ['ada@customer.example'] }],
    ['an object for an address', { email: { $ne: null } }],
    ['an object for a password', { password: { $ne: null } }],
    ['no password', { password: undefined }],
    ['an unknown way of delivery', { token_delivery: 'header' }],
    ['an unknown field', { remember: true }],
    ['a password longer than any can be', { password: 'a'.repeat(4097) }],
  ])('%s', async (_what, fields) => {
    const reply = await post({ email: 'ada@customer.example', password: PASSWORD, ...fields })
    expect(reply.status).toBe(422)
    expect(reply.body.code).toBe('invalid-request')
  })
})
