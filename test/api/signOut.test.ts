import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setCookies } from '../support/cookies.ts'
import { newAddress, PASSWORD, register, signIn } from '../support/people.ts'
import { startTestApp, type TestApp, type TestCall } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const signOut = (options: TestCall = {}) => t.call('POST', '/v1/auth/logout', options)
const statusOf = async (as: string) => (await t.call('GET', '/v1/me', { as })).status
const refresh = async (token: string) =>
  (await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: token } })).status

async function registerInBrowser() {
  const { body, cookies } = await t.call('POST', '/v1/auth/register', {
    body: { email: newAddress(), password: PASSWORD },
  })
  return {
    accessToken: String(body.access_token),
    session: { frontgate_session: cookies.frontgate_session ?? '' },
  }
}

describe('204', () => {
  test('an access token ends its session at once, and only that one', async () => {
    const person = await register(t)
    const other = await signIn(t, person.email)
    const reply = await signOut({ as: person.accessToken })
    expect(reply.status).toBe(204)
    expect(reply.text).toBe('')
    expect(await statusOf(person.accessToken)).toBe(401)
    expect(await refresh(person.refreshToken)).toBe(401)
    expect(await statusOf(other.body.access_token)).toBe(200)
    const [entry] = await trailOf(t, person.userId)
    expect(entry).toMatchObject({
      action: 'session.ended',
      actor_kind: 'user',
      actor_id: person.userId,
      details: { because: 'signed-out' },
    })
  })

  test('a refresh token in the body does it, also one that was rotated since', async () => {
    const person = await register(t)
    const next = await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: person.refreshToken } })
    expect((await signOut({ body: { refresh_token: person.refreshToken } })).status).toBe(204)
    expect(await statusOf(next.body.access_token)).toBe(401)
    expect(await refresh(next.body.refresh_token)).toBe(401)
  })

  test('the cookie of a browser does it, and is taken away', async () => {
    const { accessToken, session } = await registerInBrowser()
    const reply = await signOut({ cookies: session })
    expect(reply.status).toBe(204)
    expect(await statusOf(accessToken)).toBe(401)
    const { frontgate_session: cookie } = setCookies(reply)
    expect(cookie).toMatchObject({ value: '' })
    expect(cookie?.attributes).toEqual(expect.arrayContaining(['path=/', 'httponly', 'samesite=lax']))
    expect(cookie?.attributes.find((attribute) => attribute.startsWith('expires='))).toContain('1970')
  })

  test('a browser whose access token has run out still signs out', async () => {
    const { accessToken, session } = await registerInBrowser()
    await t.advance(700)
    expect(await statusOf(accessToken)).toBe(401)
    expect((await signOut({ as: accessToken, cookies: session })).status).toBe(204)
    expect(await refresh(session.frontgate_session)).toBe(401)
  })

  test('a browser whose session is over gets rid of its cookie', async () => {
    const { accessToken, session } = await registerInBrowser()
    await signOut({ as: accessToken })
    for (const cookies of [session, { frontgate_session: 'garbage' }]) {
      const reply = await signOut({ cookies })
      expect(reply.status).toBe(204)
      expect(setCookies(reply).frontgate_session).toMatchObject({ value: '' })
    }
  })

  test('signing out twice with a refresh token is as good as once', async () => {
    const person = await register(t)
    for (let i = 0; i < 2; i++) {
      expect((await signOut({ body: { refresh_token: person.refreshToken } })).status).toBe(204)
    }
    const ends = (await trailOf(t, person.userId)).filter(({ action }) => action === 'session.ended')
    expect(ends).toHaveLength(1)
  })

  test('with both, the session of the access token ends', async () => {
    const { accessToken } = await registerInBrowser()
    const other = await registerInBrowser()
    expect((await signOut({ as: accessToken, cookies: other.session })).status).toBe(204)
    expect(await statusOf(accessToken)).toBe(401)
    expect(await statusOf(other.accessToken)).toBe(200)
  })
})

describe('401', () => {
  test.each([
    ['no credential at all', {}],
    ['an access token that is none', { as: 'garbage' }],
    ['a refresh token that is none', { body: { refresh_token: 'garbage' } }],
  ])('%s', async (_what, options) => {
    const reply = await signOut(options)
    expect(reply.status).toBe(401)
    expect(reply.body.code).toBe('unauthenticated')
  })

  test('an access token whose session is over', async () => {
    const { accessToken } = await register(t)
    await signOut({ as: accessToken })
    expect((await signOut({ as: accessToken })).status).toBe(401)
  })
})

describe('422', () => {
  test('an unknown field', async () => {
    expect((await signOut({ body: { everywhere: true } })).status).toBe(422)
  })
})
