import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setCookies } from '../support/cookies.ts'
import { newAddress, PASSWORD, type Person, register, registerVerified, signIn } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { startTestApp, startTestAppWith, type TestApp, type TestReply } from '../support/testApp.ts'
import { testEnvironment } from '../support/testEnvironment.ts'
import { trailOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const refresh = (token: unknown, app = t): Promise<TestReply> =>
  app.call('POST', '/v1/auth/refresh', { body: { refresh_token: token } })

async function successor(token: string, app = t): Promise<string> {
  const reply = await refresh(token, app)
  if (reply.status !== 200) throw new Error(`Refreshing answered ${reply.status}: ${reply.text}`)
  return reply.body.refresh_token
}

const statusOf = async (as: string, app = t) => (await app.call('GET', '/v1/me', { as })).status

describe('200', () => {
  test('a token is taken for its successor and an access token that works', async () => {
    const person = await registerVerified(t)
    const reply = await refresh(person.refreshToken)
    expect(reply.status).toBe(200)
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(reply.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 600,
      user: { id: person.userId, email_verified: true },
      account: { id: person.accountId, role: 'owner' },
    })
    expect(reply.body.refresh_token).not.toBe(person.refreshToken)
    expect(setCookies(reply)).toEqual({})
    expect(await statusOf(reply.body.access_token)).toBe(200)
  })

  test('a browser sends the cookie and gets the next one, never the token itself', async () => {
    const registered = await t.call('POST', '/v1/auth/register', {
      body: { email: newAddress(), password: PASSWORD },
    })
    const reply = await t.call('POST', '/v1/auth/refresh', { cookies: registered.cookies })
    expect(reply.status).toBe(200)
    expect(reply.body).not.toHaveProperty('refresh_token')
    expect(reply.headers['cache-control']).toBe('no-store')
    const { frontgate_session: cookie } = setCookies(reply)
    expect(cookie?.attributes).toEqual(expect.arrayContaining(['path=/', 'httponly', 'samesite=lax']))
    expect(cookie?.value).not.toBe(registered.cookies.frontgate_session)
    expect((await t.call('POST', '/v1/auth/refresh', { cookies: reply.cookies })).status).toBe(200)
  })

  test('on https that cookie is tied to the host and to https', async () => {
    const u = await startTestAppWith({ PUBLIC_URL: 'https://gate.example' })
    const { refreshToken } = await register(u)
    const reply = await u.call('POST', '/v1/auth/refresh', {
      cookies: { '__Host-frontgate_session': refreshToken },
    })
    const cookie = setCookies(reply)['__Host-frontgate_session']
    expect(cookie?.attributes).toEqual(
      expect.arrayContaining(['path=/', 'secure', 'httponly', 'samesite=lax']),
    )
    const plain = await u.call('POST', '/v1/auth/refresh', { cookies: { frontgate_session: refreshToken } })
    expect(plain.status).toBe(401)
  })

  test('a predecessor gets the very same successor for fifteen seconds: a reply was lost, a second tab asked', async () => {
    const { refreshToken } = await register(t)
    const next = await successor(refreshToken)
    expect(await successor(refreshToken)).toBe(next)
    await t.advance(14)
    expect(await successor(refreshToken)).toBe(next)
    expect(await successor(next)).not.toBe(next)
  })

  test('asking again with the predecessor does not make its time longer', async () => {
    const { refreshToken } = await register(t)
    await successor(refreshToken)
    for (const status of [200, 200, 401, 401]) {
      await t.advance(5)
      expect((await refresh(refreshToken)).status).toBe(status)
    }
  })

  test('what has changed since is in the reply', async () => {
    const { accessToken, refreshToken } = await register(t)
    await t.call('PATCH', '/v1/me', { as: accessToken, body: { name: 'Ada' } })
    await t.call('PATCH', '/v1/accounts/me', { as: accessToken, body: { name: 'Engines' } })
    expect((await refresh(refreshToken)).body).toMatchObject({
      user: { name: 'Ada' },
      account: { name: 'Engines' },
    })
  })

  test('every replica continues what another one began, also after the secret was replaced', async () => {
    const { refreshToken } = await register(t)
    const next = await successor(refreshToken)
    const SECRET = `a-new-secret-in-front-of-the-old-one-0123,${testEnvironment.SECRET}`
    const replica = await startReplica(t, { SECRET })
    const replayed = await replica.post('/v1/auth/refresh', { refresh_token: refreshToken })
    expect(replayed.status).toBe(200)
    const reply = await replica.post('/v1/auth/refresh', { refresh_token: next })
    expect(reply.status).toBe(200)
    expect(
      (
        await replica.post(
          '/v1/auth/refresh',
          reply.body.refresh_token && { refresh_token: reply.body.refresh_token },
        )
      ).status,
    ).toBe(200)
  })
})

describe('401', () => {
  test.each([
    ['nothing at all', undefined],
    ['garbage', 'garbage'],
    ['an empty signature', `fgr_${Buffer.alloc(52).toString('base64url')}`],
    ['the longest there may be', 'f'.repeat(200)],
  ])('%s', async (_what, token) => {
    const reply = await refresh(token)
    expect(reply.status).toBe(401)
    expect(reply.body.code).toBe('session-expired')
    expect(reply.headers['cache-control']).toBe('no-store')
  })

  test('a token of another service', async () => {
    const { refreshToken } = await register(t)
    const other = await startTestAppWith({ SECRET: 'the-secret-of-another-service-0123456789' })
    expect((await refresh(refreshToken, other)).status).toBe(401)
  })

  test('a session whose user was deleted', async () => {
    const { accessToken, refreshToken } = await register(t)
    await t.call('DELETE', '/v1/me', { as: accessToken, body: {} })
    expect((await refresh(refreshToken)).status).toBe(401)
  })

  test('a session at its absolute end, though it was used a moment ago', async () => {
    const u = await startTestAppWith({ SESSION_DAYS: '2', SESSION_IDLE_DAYS: '2' })
    let { refreshToken: token } = await register(u)
    await u.advance(86_400)
    token = await successor(token, u)
    await u.advance(86_400 - 1)
    const last = await refresh(token, u)
    expect(last.status).toBe(200)
    await u.advance(1)
    expect((await refresh(last.body.refresh_token, u)).status).toBe(401)
    expect(await statusOf(last.body.access_token, u)).toBe(401)
  })

  test('a session that nobody has used for too long, and not one that was', async () => {
    const u = await startTestAppWith({ SESSION_DAYS: '90', SESSION_IDLE_DAYS: '3' })
    const [idle, used] = [await register(u), await register(u)]
    await u.advance(2 * 86_400)
    const token = await successor(used.refreshToken, u)
    await u.advance(86_400)
    expect((await refresh(idle.refreshToken, u)).status).toBe(401)
    expect((await refresh(token, u)).status).toBe(200)
  })
})

describe('401, and the session is over for both who hold its tokens', () => {
  async function expectOver(person: Person, tokens: string[], accessToken: string): Promise<void> {
    expect(await statusOf(accessToken)).toBe(401)
    for (const token of tokens) expect((await refresh(token)).status).toBe(401)
    const ended = (await trailOf(t, person.userId)).filter(({ action }) => action === 'session.ended')
    expect(ended).toMatchObject([{ details: { because: 'reuse' }, user_agent: 'test', ip: '127.0.0.1' }])
    const notices = (await t.mailsTo(person.email)).filter(({ subject }) =>
      subject.includes('ended one of your'),
    )
    expect(notices).toHaveLength(1)
  }

  test('the first of three tokens, though it comes within the fifteen seconds', async () => {
    const person = await register(t)
    const second = await successor(person.refreshToken)
    const third = await refresh(second)
    expect((await refresh(person.refreshToken)).status).toBe(401)
    await expectOver(person, [person.refreshToken, second, third.body.refresh_token], third.body.access_token)
  })

  test('a predecessor whose fifteen seconds are over', async () => {
    const person = await register(t)
    const second = await refresh(person.refreshToken)
    await t.advance(15)
    expect((await refresh(person.refreshToken)).status).toBe(401)
    await expectOver(person, [second.body.refresh_token], second.body.access_token)
  })

  test('thief and victim who take turns once an hour', async () => {
    const person = await register(t)
    const victims = await refresh(person.refreshToken)
    await t.advance(3600)
    const thiefs = await refresh(person.refreshToken)
    expect(thiefs.status).toBe(401)
    await expectOver(person, [victims.body.refresh_token], victims.body.access_token)
  })

  test('a copy that is played back to a process that knows nothing of the rotation', async () => {
    const person = await register(t)
    const second = await refresh(person.refreshToken)
    await t.advance(60)
    const restarted = await startReplica(t)
    const replayed = await restarted.post('/v1/auth/refresh', { refresh_token: person.refreshToken })
    expect(replayed.status).toBe(401)
    expect((await refresh(second.body.refresh_token)).status).toBe(401)
  })

  test('the other sessions of the user go on', async () => {
    const person = await register(t)
    const other = await signIn(t, person.email)
    await successor(person.refreshToken)
    await t.advance(15)
    await refresh(person.refreshToken)
    expect((await refresh(other.body.refresh_token)).status).toBe(200)
  })
})

describe('422', () => {
  test.each([
    ['a list of tokens', { refresh_token: ['x'] }],
    ['an object', { refresh_token: {} }],
    ['an empty token', { refresh_token: '' }],
    ['a token that no token is as long as', { refresh_token: 'f'.repeat(201) }],
    ['an unknown field', { grant_type: 'refresh_token' }],
  ])('%s', async (_what, body) => {
    expect((await t.call('POST', '/v1/auth/refresh', { body })).status).toBe(422)
  })
})
