import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setCookies } from '../support/cookies.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { newNetwork } from '../support/networks.ts'
import { mailedToken, PASSWORD, type Person, register, registerVerified, signIn } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'
import { identitiesOf, withIdentity, withoutPassword, withProviders } from '../support/withoutPassword.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp(withProviders)
})
afterAll(() => t.close())

const NEW_PASSWORD = 'another good password'

async function resetLink(email: string): Promise<string> {
  await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from: newNetwork() })
  return tokenFor(t, '/reset-password', email)
}

const reset = (token: unknown, password: unknown = NEW_PASSWORD) =>
  t.call('POST', '/v1/auth/password/reset', { body: { token, password } })
const change = ({ accessToken }: Person, newPassword: string) => {
  const body = { current_password: PASSWORD, new_password: newPassword }
  return t.call('POST', '/v1/auth/password/change', { as: accessToken, body })
}

describe('204', () => {
  test('the new password holds, the old one does not, and every session is over', async () => {
    const person = await registerVerified(t)
    const other = await signIn(t, person.email)
    const reply = await reset(await resetLink(person.email))
    expect(reply.status).toBe(204)
    expect((await signIn(t, person.email)).status).toBe(401)
    expect((await signIn(t, person.email, NEW_PASSWORD)).status).toBe(200)
    for (const as of [person.accessToken, other.body.access_token]) {
      expect((await t.call('GET', '/v1/me', { as })).status).toBe(401)
    }
    for (const token of [person.refreshToken, other.body.refresh_token]) {
      expect((await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: token } })).status).toBe(401)
    }
  })

  test('it signs nobody in, but remembers the device', async () => {
    const { email } = await register(t)
    expect(Object.keys(setCookies(await reset(await resetLink(email))))).toEqual(['frontgate_device'])
  })

  test('using it proves the mailbox', async () => {
    const { email } = await register(t)
    await reset(await resetLink(email))
    const { body } = await signIn(t, email, NEW_PASSWORD)
    expect(body.user.email_verified).toBe(true)
  })

  test('the mailbox is told, and the trail says what happened', async () => {
    const { email, userId } = await register(t)
    await reset(await resetLink(email))
    const [mail] = await t.mailsTo(email)
    expect(mail?.subject).toContain('password was changed')
    const trail = await trailOf(t, userId)
    expect(trail.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['password.reset', 'email.verified', 'session.ended']),
    )
    for (const entry of trail.slice(0, 3))
      expect(entry).toMatchObject({ ip: '127.0.0.1', user_agent: 'test' })
  })

  test('a squatter who registered the address of somebody else is out once its owner takes it', async () => {
    const squatter = await register(t)
    const link = await mailedToken(t, squatter.email)
    await reset(await resetLink(squatter.email))
    expect((await t.call('GET', '/v1/me', { as: squatter.accessToken })).status).toBe(401)
    const body = { refresh_token: squatter.refreshToken }
    expect((await t.call('POST', '/v1/auth/refresh', { body })).status).toBe(401)
    expect((await signIn(t, squatter.email)).status).toBe(401)
    expect((await t.call('POST', '/v1/auth/email/verify', { body: { token: link } })).status).toBe(410)
  })

  test('opening the page uses nothing', async () => {
    const { email } = await register(t)
    const token = await resetLink(email)
    const link = new URL((await t.mailsTo(email))[0]?.links[0] ?? '')
    for (const method of ['GET', 'HEAD'] as const) {
      const page = await t.call(method, link.pathname + link.search)
      expect(page.status).toBe(200)
      expect(page.headers['cache-control']).toBe('no-store')
    }
    expect((await reset(token)).status).toBe(204)
  })

  test.each([
    ['without a password', withoutPassword],
    ['with a password', withIdentity],
  ])('whoever proves the mailbox first is rid of what others linked, %s', async (_what, link) => {
    const squatter = await register(t)
    await link(t, squatter)
    expect((await reset(await resetLink(squatter.email))).status).toBe(204)
    expect(await identitiesOf(t, squatter)).toBe(0)
    const { body } = await signIn(t, squatter.email, NEW_PASSWORD)
    expect(body.user.email_verified).toBe(true)
    const [mail] = await t.mailsTo(squatter.email)
    expect(mail?.text).toContain('Signing in with Google was taken off')
    const unlinked = (await trailOf(t, squatter.userId)).find(({ action }) => action === 'identity.unlinked')
    expect(unlinked).toMatchObject({ details: { providers: ['google'] } })
  })

  test('what somebody linked whose mailbox is known stays', async () => {
    const person = await registerVerified(t)
    await withIdentity(t, person)
    await reset(await resetLink(person.email))
    expect(await identitiesOf(t, person)).toBe(1)
  })

  test('who has neither a password nor a provider gets in by mail', async () => {
    const { email, userId } = await registerVerified(t)
    await t.app.pool.query('update users set password_hash = null where id = $1', [userId])
    await reset(await resetLink(email))
    expect((await signIn(t, email, NEW_PASSWORD)).status).toBe(200)
  })

  test('the link holds to the last second of its hour', async () => {
    const { email } = await register(t)
    const token = await resetLink(email)
    await t.advance(3599)
    expect((await reset(token)).status).toBe(204)
  })
})

describe('404', () => {
  test('a link that was never sent, and a verification link', async () => {
    const { email } = await register(t)
    for (const token of ['x'.repeat(43), await mailedToken(t, email)]) {
      const reply = await reset(token)
      expect(reply.status).toBe(404)
      expect(reply.body.code).toBe('token-unknown')
    }
  })
})

describe('409', () => {
  test('who has no password by now signs in with a provider, and the link stays', async () => {
    const person = await registerVerified(t)
    const token = await resetLink(person.email)
    await withoutPassword(t, person)
    const reply = await reset(token)
    expect(reply.status).toBe(409)
    expect(reply.body).toMatchObject({ code: 'use-oauth-provider', providers: ['google'] })
    await t.app.pool.query('delete from oauth_identities where user_id = $1', [person.userId])
    expect((await reset(token)).status).toBe(204)
  })
})

describe('410', () => {
  test('of two browsers that opened one link the second comes too late, with any password', async () => {
    const { email } = await register(t)
    const token = await resetLink(email)
    expect((await reset(token)).status).toBe(204)
    const second = await reset(token, 'a third good password')
    expect(second.status).toBe(410)
    expect(second.body.code).toBe('token-used')
    expect((await signIn(t, email, NEW_PASSWORD)).status).toBe(200)
  })

  test('of parallel posts of one link exactly one succeeds, and its password holds', async () => {
    const { email } = await register(t)
    const token = await resetLink(email)
    const passwords = Array.from({ length: 20 }, (_, i) => `good password number ${i}`)
    const replies = await Promise.all(passwords.map((password) => reset(token, password)))
    expect(replies.map(({ status }) => status).sort()).toEqual([204, ...Array(19).fill(410)])
    const winner = passwords[replies.findIndex(({ status }) => status === 204)]
    expect((await signIn(t, email, winner)).status).toBe(200)
  })

  test('a link that is an hour old', async () => {
    const { email } = await register(t)
    const token = await resetLink(email)
    await t.advance(3600)
    expect((await reset(token)).body.code).toBe('token-expired')
  })

  test('a link that a newer one has taken the place of', async () => {
    const { email } = await register(t)
    const first = await resetLink(email)
    await t.advance(60)
    const second = await resetLink(email)
    expect((await reset(first)).body.code).toBe('token-superseded')
    expect((await reset(second)).status).toBe(204)
  })

  test('a link from before the password was changed', async () => {
    const person = await register(t)
    const token = await resetLink(person.email)
    expect((await change(person, 'a third good password')).status).toBe(204)
    expect((await reset(token)).body.code).toBe('token-superseded')
  })

  test('a link of a user who is deleted, also when the address has another user by now', async () => {
    const { email, accessToken } = await register(t)
    const token = await resetLink(email)
    await t.call('DELETE', '/v1/me', { as: accessToken, body: {} })
    await register(t, { email })
    expect((await reset(token)).status).toBe(410)
    expect((await signIn(t, email)).status).toBe(200)
  })
})

describe('204 or 410', () => {
  test('of a reset and a change that meet, one wins and the other is refused', async () => {
    for (let round = 0; round < 8; round++) {
      const person = await register(t)
      const token = await resetLink(person.email)
      const [resetReply, changed] = await Promise.all([reset(token), change(person, 'a third good password')])
      expect([resetReply.status, changed.status].filter((status) => status === 204)).toHaveLength(1)
      const holds = resetReply.status === 204 ? NEW_PASSWORD : 'a third good password'
      expect((await signIn(t, person.email, holds, newNetwork())).status).toBe(200)
    }
  })
})

describe('200 or 401, and no way in afterwards', () => {
  test.each([
    [
      'a reset',
      async ({ email }: Person) => {
        const token = await resetLink(email)
        return () => reset(token)
      },
    ],
    ['a change', async (person: Person) => () => change(person, NEW_PASSWORD)],
    [
      'a deletion',
      async ({ accessToken: as }: Person) =>
        () =>
          t.call('DELETE', '/v1/me', { as, body: {} }),
    ],
  ])('sign-ins that meet %s of the password they came with end with it', async (_what, prepare) => {
    for (let round = 0; round < 4; round++) {
      const person = await register(t)
      const act = await prepare(person)
      const signIns = Array.from({ length: 6 }, () => signIn(t, person.email, PASSWORD, newNetwork()))
      const [acted, ...replies] = await Promise.all([act(), ...signIns])
      expect(acted.status).toBe(204)
      for (const { status, body } of replies) {
        expect([200, 401]).toContain(status)
        if (status === 401) continue
        expect((await t.call('GET', '/v1/me', { as: body.access_token })).status).toBe(401)
        const refreshed = { refresh_token: body.refresh_token }
        expect((await t.call('POST', '/v1/auth/refresh', { body: refreshed })).status).toBe(401)
      }
      expect((await signIn(t, person.email, PASSWORD, newNetwork())).status).toBe(401)
    }
  })
})

describe('422', () => {
  test.each([
    ['short', 'too-short'],
    ['password', 'common'],
    ['customer', 'like-address'],
    ['x'.repeat(257), 'too-long'],
  ])('the password %s is refused, and the link still works', async (password, reason) => {
    const { email } = await register(t)
    const token = await resetLink(email)
    const reply = await reset(token, password)
    expect(reply.status).toBe(422)
    expect(reply.body).toMatchObject({ code: 'weak-password', reason })
    expect((await reset(token)).status).toBe(204)
  })

  test.each([
    ['no token', undefined, NEW_PASSWORD],
    ['a list of tokens', ['x'], NEW_PASSWORD],
    ['an object for a password', 'x', { length: 8 }],
    ['null for a password', 'x', null],
  ])('%s', async (_what, token, password) => {
    expect((await reset(token, password)).status).toBe(422)
  })
})
