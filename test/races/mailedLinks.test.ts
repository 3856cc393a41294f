import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { somebodyWaits } from '../support/locks.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { newAddress, PASSWORD, register, signIn } from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'
import {
  addIdentity,
  identitiesOf,
  identityOf,
  withoutPassword,
  withProviders,
} from '../support/withoutPassword.ts'

let t: TestApp
let replica: TestApp
beforeAll(async () => {
  t = await startTestApp(withProviders)
  replica = await startTestApp({ DATABASE_URL: t.databaseUrl }, { work: false })
})
afterAll(async () => {
  await replica.close()
  await t.close()
})

const twenty = <T>(work: (app: TestApp, i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: 20 }, (_, i) => work(i % 2 === 0 ? t : replica, i)))
const outcomes = (replies: { status: number; body: { code?: string } | null }[]) =>
  replies.map(({ status, body }) => `${status} ${body?.code ?? ''}`.trim()).sort()
const isNewPassword = (i: number) => `another good password, number ${i}`

describe('20 uses of one link at once', () => {
  test('verify the address once', async () => {
    const { email, accessToken, userId } = await register(t)
    const token = await tokenFor(t, '/verify-email', email)
    const replies = await twenty((app) => app.call('POST', '/v1/auth/email/verify', { body: { token } }))
    expect(outcomes(replies)).toEqual(['200', ...Array(19).fill('410 token-used')])
    expect((await t.call('GET', '/v1/me', { as: accessToken })).body.email_verified).toBe(true)
    expect(await actions(userId, 'email.verified')).toBe(1)
  })

  test('reset the password once: of twenty new passwords one holds', async () => {
    const { email, userId } = await register(t)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email } })
    const token = await tokenFor(t, '/reset-password', email)
    const replies = await twenty((app, i) =>
      app.call('POST', '/v1/auth/password/reset', { body: { token, password: isNewPassword(i) } }),
    )
    expect(outcomes(replies)).toEqual(['204', ...Array(19).fill('410 token-used')])
    const winner = replies.findIndex(({ status }) => status === 204)
    expect((await signIn(t, email, isNewPassword(winner))).status).toBe(200)
    for (const i of [0, 1, 2].filter((other) => other !== winner))
      expect((await signIn(t, email, isNewPassword(i))).status).toBe(401)
    expect(await actions(userId, 'password.reset')).toBe(1)
  })

  test('set a first password once: of twenty one holds', async () => {
    const person = await register(t)
    await withoutPassword(t, person)
    await t.call('POST', '/v1/auth/password/first-link', { as: person.accessToken })
    const token = await tokenFor(t, '/set-password', person.email)
    const replies = await twenty((app, i) =>
      app.call('POST', '/v1/auth/password/first', {
        as: person.accessToken,
        body: { token, password: isNewPassword(i) },
      }),
    )
    const winner = replies.findIndex(({ status }) => status === 204)
    const others = outcomes(replies.filter((_reply, i) => i !== winner))
    // Who looks between the two finds a password that was not there a moment ago.
    for (const outcome of others) expect(['410 token-used', '409 password-exists']).toContain(outcome)
    expect((await signIn(t, person.email, isNewPassword(winner))).status).toBe(200)
    expect(await actions(person.userId, 'password.first-set')).toBe(1)
  })

  test('begin one session where registration mails it', async () => {
    const strict = await startTestAppWith({ REGISTRATION_PRIVACY: 'strict' })
    const email = newAddress()
    await strict.call('POST', '/v1/auth/register', { body: { email, password: PASSWORD } })
    const token = await tokenFor(strict, '/verify-email', email)
    const replies = await Promise.all(
      Array.from({ length: 20 }, () =>
        strict.call('POST', '/v1/auth/email/verify', { body: { token, token_delivery: 'body' } }),
      ),
    )
    expect(outcomes(replies)).toEqual(['200', ...Array(19).fill('410 token-used')])
    const sessions = await strict.app.db.selectFrom('sessions').select('id').execute()
    expect(sessions).toHaveLength(1)
  })
})

describe('asking for links', () => {
  test('20 times at once mails one, and it works', async () => {
    const { email } = await register(t)
    const replies = await twenty((app, i) =>
      app.call('POST', '/v1/auth/password/forgot', { body: { email }, from: `10.0.0.${i}` }),
    )
    expect(outcomes(replies)).toEqual(['202', ...Array(19).fill('429 too-many-requests')])
    const mails = await t.mailsTo(email)
    expect(mails.filter(({ subject }) => subject.includes('Choose a new'))).toHaveLength(1)
    const token = await tokenFor(t, '/reset-password', email)
    const reset = await t.call('POST', '/v1/auth/password/reset', {
      body: { token, password: isNewPassword(1) },
    })
    expect(reset.status).toBe(204)
  })
})

describe('signing in while the password is being reset', () => {
  test('leaves no session of the old password alive', async () => {
    for (let round = 0; round < 4; round++) {
      const person = await register(t)
      await t.call('POST', '/v1/auth/password/forgot', {
        body: { email: person.email },
        from: `10.1.0.${round}`,
      })
      const body = {
        token: await tokenFor(t, '/reset-password', person.email),
        password: isNewPassword(round),
      }
      const [reset, ...signIns] = await twenty((app, i) =>
        i === 0
          ? app.call('POST', '/v1/auth/password/reset', { body })
          : signIn(app, person.email, PASSWORD, `10.2.${round}.${i}`),
      )
      expect(reset?.status).toBe(204)
      const entered = [person.refreshToken, ...signIns.flatMap((reply) => reply.body.refresh_token ?? [])]
      for (const token of entered) {
        const reply = await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: token } })
        expect(reply.status).toBe(401)
      }
      for (const { status } of signIns) expect([200, 401, 429]).toContain(status)
    }
  })
})

describe('linking while the password is being reset', () => {
  test('leaves nothing linked from before the mailbox was proved', async () => {
    const person = await register(t)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email: person.email }, from: '10.3.0.1' })
    const token = await tokenFor(t, '/reset-password', person.email)
    const linking = await t.app.pool.connect()
    await linking.query('begin')
    await linking.query(addIdentity, identityOf(t, person.userId, 'google'))
    const body = { token, password: isNewPassword(1) }
    const resetting = t.call('POST', '/v1/auth/password/reset', { body })
    await somebodyWaits(t)
    await linking.query('commit')
    linking.release()
    expect((await resetting).status).toBe(204)
    expect(await identitiesOf(t, person)).toBe(0)
  })
})

async function actions(userId: string, action: string): Promise<number> {
  const rows = await t.app.db
    .selectFrom('audit_log')
    .select('id')
    .where('user_id', '=', userId)
    .where('action', '=', action)
    .execute()
  return rows.length
}
