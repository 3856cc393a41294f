import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setCookies } from '../support/cookies.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { mailedToken, PASSWORD, register, registerVerified, signIn } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { actionsOf, trailOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const NEW_PASSWORD = 'another good password'

const change = (as: string | undefined, current: unknown = PASSWORD, next: unknown = NEW_PASSWORD) => {
  const body = { current_password: current, new_password: next }
  return t.call('POST', '/v1/auth/password/change', { body, ...(as && { as }) })
}
const statusOf = async (as: string) => (await t.call('GET', '/v1/me', { as })).status
const refresh = (token: string) => t.call('POST', '/v1/auth/refresh', { body: { refresh_token: token } })

describe('204', () => {
  test('the new password holds, this session goes on and all others are over', async () => {
    const person = await registerVerified(t)
    const other = await signIn(t, person.email)
    expect((await change(person.accessToken)).status).toBe(204)
    expect((await signIn(t, person.email)).status).toBe(401)
    expect((await signIn(t, person.email, NEW_PASSWORD)).status).toBe(200)
    expect(await statusOf(person.accessToken)).toBe(200)
    expect((await refresh(person.refreshToken)).status).toBe(200)
    expect(await statusOf(other.body.access_token)).toBe(401)
    expect((await refresh(other.body.refresh_token)).status).toBe(401)
  })

  test('the mailbox is told, the device is remembered, and the trail has it', async () => {
    const { email, userId, accessToken } = await registerVerified(t)
    await signIn(t, email)
    expect(Object.keys(setCookies(await change(accessToken)))).toEqual(['frontgate_device'])
    const [mail] = await t.mailsTo(email)
    expect(mail?.subject).toContain('password was changed')
    const trail = await trailOf(t, userId)
    const changed = trail.find(({ action }) => action === 'password.changed')
    expect(changed).toMatchObject({
      actor_kind: 'user',
      actor_id: userId,
      ip: '127.0.0.1',
      user_agent: 'test',
    })
    const ended = trail.find(({ action }) => action === 'session.ended')
    expect(ended).toMatchObject({ details: { sessions: 1, because: 'new-password' } })
  })

  test('links that were mailed before are void; somebody unverified is sent another one', async () => {
    const { email, accessToken } = await register(t)
    const verification = await mailedToken(t, email)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email } })
    const reset = await tokenFor(t, '/reset-password', email)
    expect((await change(accessToken)).status).toBe(204)
    const body = { token: reset, password: 'a third good password' }
    expect((await t.call('POST', '/v1/auth/password/reset', { body })).body.code).toBe('token-superseded')
    const verify = (token: string) => t.call('POST', '/v1/auth/email/verify', { body: { token } })
    expect((await verify(verification)).body.code).toBe('token-superseded')
    expect((await verify(await tokenFor(t, '/verify-email', email))).status).toBe(200)
  })

  test('changing it over and over does not fill a mailbox', async () => {
    const { email, accessToken } = await register(t)
    let current = PASSWORD
    for (let i = 0; i < 8; i++) {
      const next = `good password number ${i}`
      expect((await change(accessToken, current, next)).status).toBe(204)
      current = next
    }
    const subjects = (await t.mailsTo(email)).map(({ subject }) => subject)
    expect(subjects.filter((subject) => subject.includes('was changed'))).toHaveLength(5)
    expect(subjects.filter((subject) => subject.includes('Verify'))).toHaveLength(2)
  })

  test('it is taken as it is typed, spaces and all', async () => {
    const { email, accessToken } = await register(t)
    expect((await change(accessToken, PASSWORD, '  пароль с пробелами  ')).status).toBe(204)
    expect((await signIn(t, email, 'пароль с пробелами')).status).toBe(401)
    expect((await signIn(t, email, '  пароль с пробелами  ')).status).toBe(200)
  })
})

describe('401', () => {
  test('a wrong current password changes nothing, and the trail has it', async () => {
    const { email, userId, accessToken } = await register(t)
    const reply = await change(accessToken, 'not the password')
    expect(reply.status).toBe(401)
    expect(reply.body.code).toBe('invalid-credentials')
    expect((await signIn(t, email)).status).toBe(200)
    const refused = (await trailOf(t, userId)).find(({ action }) => action === 'password.refused')
    expect(refused).toMatchObject({ actor_kind: 'user', actor_id: userId })
  })

  test('without an access token, or with one whose session is over', async () => {
    const { accessToken } = await register(t)
    expect((await change(undefined)).body.code).toBe('unauthenticated')
    await t.call('POST', '/v1/auth/logout', { as: accessToken })
    expect((await change(accessToken)).status).toBe(401)
  })

  test('of two changes that meet, one wins and the other knows only the old password', async () => {
    for (let round = 0; round < 8; round++) {
      const { email, accessToken } = await register(t)
      const passwords = ['the first good password', 'the second good password']
      const replies = await Promise.all(passwords.map((next) => change(accessToken, PASSWORD, next)))
      expect(replies.map(({ status }) => status).sort()).toEqual([204, 401])
      const winner = passwords[replies.findIndex(({ status }) => status === 204)]
      expect((await signIn(t, email, winner)).status).toBe(200)
    }
  })
})

describe('422', () => {
  test.each([
    ['short', 'too-short'],
    ['password', 'common'],
    ['customer', 'like-address'],
    ['x'.repeat(257), 'too-long'],
  ])('the new password %s is refused, and the old one holds', async (password, reason) => {
    const { email, accessToken } = await register(t)
    const reply = await change(accessToken, PASSWORD, password)
    expect(reply.status).toBe(422)
    expect(reply.body).toMatchObject({ code: 'weak-password', reason })
    expect((await signIn(t, email)).status).toBe(200)
  })

  test('what a new password lacks is not told before the old one is confirmed', async () => {
    const { accessToken } = await register(t)
    expect((await change(accessToken, 'not the password', 'short')).status).toBe(401)
  })

  test.each([
    [undefined, NEW_PASSWORD],
    [PASSWORD, undefined],
    [[PASSWORD], NEW_PASSWORD],
    [PASSWORD, { length: 8 }],
  ])('%j for %j', async (current, next) => {
    const { accessToken } = await register(t)
    const body = { current_password: current, new_password: next }
    const reply = await t.call('POST', '/v1/auth/password/change', { as: accessToken, body })
    expect(reply.body.code).toBe('invalid-request')
  })
})

describe('429', () => {
  test('after ten wrong passwords not even the right one is taken, for a quarter of an hour', async () => {
    const { userId, accessToken, refreshToken } = await register(t)
    const statuses = []
    for (let i = 0; i < 11; i++) statuses.push((await change(accessToken, 'not the password')).status)
    expect(statuses).toEqual([...Array(10).fill(401), 429])
    const refused = await change(accessToken)
    expect(refused.status).toBe(429)
    expect(refused.headers['retry-after']).toBe('900')
    expect((await actionsOf(t, userId)).filter((action) => action === 'password.locked')).toHaveLength(1)
    await t.advance(900)
    const { body } = await refresh(refreshToken)
    expect((await change(body.access_token)).status).toBe(204)
  })

  test('nobody else can use that count up', async () => {
    const { email, accessToken } = await register(t)
    for (let i = 0; i < 10; i++) await signIn(t, email, 'not the password')
    expect((await change(accessToken)).status).toBe(204)
  })
})
