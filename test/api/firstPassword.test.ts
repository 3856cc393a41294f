import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setCookies } from '../support/cookies.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { newNetwork } from '../support/networks.ts'
import { PASSWORD, type Person, register, registerVerified, signIn } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { actionsOf } from '../support/trail.ts'
import { withoutPassword, withProviders } from '../support/withoutPassword.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp(withProviders)
})
afterAll(() => t.close())

const FIRST_PASSWORD = 'the first good password'

const ask = (as: string) => t.call('POST', '/v1/auth/password/first-link', { as, from: newNetwork() })
const set = (as: string, token: string, password = FIRST_PASSWORD) =>
  t.call('POST', '/v1/auth/password/first', { as, body: { token, password } })
const reset = (token: string) =>
  t.call('POST', '/v1/auth/password/reset', { body: { token, password: FIRST_PASSWORD } })
const statusOf = async (as: string) => (await t.call('GET', '/v1/me', { as })).status

/** Somebody who signs in with Google, has asked for a password, and got the link. */
async function asking(makePerson = registerVerified): Promise<Person & { token: string }> {
  const person = await makePerson(t)
  await withoutPassword(t, person)
  expect((await ask(person.accessToken)).status).toBe(202)
  return { ...person, token: await tokenFor(t, '/set-password', person.email) }
}

describe('204', () => {
  test('the password holds from then on, this session goes on and all others are over', async () => {
    const person = await registerVerified(t)
    const other = await signIn(t, person.email)
    await withoutPassword(t, person)
    await ask(person.accessToken)
    const token = await tokenFor(t, '/set-password', person.email)
    const reply = await set(person.accessToken, token)
    expect(reply.status).toBe(204)
    expect(Object.keys(setCookies(reply))).toEqual(['frontgate_device'])
    expect((await signIn(t, person.email, FIRST_PASSWORD)).status).toBe(200)
    expect(await statusOf(person.accessToken)).toBe(200)
    expect(await statusOf(other.body.access_token)).toBe(401)
  })

  test('it proves the mailbox, which is told; the trail says what happened', async () => {
    const { accessToken, email, userId, token } = await asking(register)
    await set(accessToken, token)
    expect((await t.call('GET', '/v1/me', { as: accessToken })).body.email_verified).toBe(true)
    const [mail] = await t.mailsTo(email)
    expect(mail?.subject).toBe('You have a Frontgate password now')
    expect(await actionsOf(t, userId)).toEqual(
      expect.arrayContaining(['password.first-requested', 'password.first-set', 'email.verified']),
    )
  })

  test('opening the page uses nothing', async () => {
    const { accessToken, token } = await asking()
    const page = await t.call('GET', `/set-password?token=${token}`)
    expect([page.status, page.text.includes(token)]).toEqual([200, false])
    expect((await set(accessToken, token)).status).toBe(204)
  })
})

describe('404', () => {
  test('the link of somebody else, who can still use it', async () => {
    const [owner, other] = [await asking(), await asking()]
    const reply = await set(other.accessToken, owner.token)
    expect([reply.status, reply.body.code]).toEqual([404, 'token-unknown'])
    expect((await set(owner.accessToken, owner.token)).status).toBe(204)
  })

  test('a reset link is none to a first password, nor the other way round', async () => {
    const { accessToken, email, token } = await asking(register)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from: newNetwork() })
    const resetToken = await tokenFor(t, '/reset-password', email)
    expect((await set(accessToken, resetToken)).body.code).toBe('token-unknown')
    expect((await reset(token)).body.code).toBe('token-unknown')
    expect((await set(accessToken, token)).status).toBe(204)
    expect((await reset(resetToken)).body.code).toBe('token-superseded')
  })
})

describe('409', () => {
  test('somebody who has a password gets no link to a first one', async () => {
    const { accessToken, email } = await registerVerified(t)
    const mails = (await t.mailsTo(email)).length
    const reply = await ask(accessToken)
    expect([reply.status, reply.body.code]).toEqual([409, 'password-exists'])
    expect(await t.mailsTo(email)).toHaveLength(mails)
  })

  test('nor one instead of a password that came from elsewhere meanwhile', async () => {
    const { accessToken, userId, token } = await asking()
    await t.app.pool.query(`update users set password_hash = 'imported' where id = $1`, [userId])
    expect((await set(accessToken, token)).body.code).toBe('password-exists')
  })
})

describe('410', () => {
  test('a link that was used, has a newer one, or is an hour old', async () => {
    const used = await asking()
    await set(used.accessToken, used.token)
    expect((await set(used.accessToken, used.token)).body.code).toBe('token-used')

    const renewed = await asking()
    t.moveClock(60)
    await ask(renewed.accessToken)
    expect((await set(renewed.accessToken, renewed.token)).body.code).toBe('token-superseded')

    const late = await asking()
    t.moveClock(3600)
    const { body } = await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: late.refreshToken } })
    expect((await set(body.access_token, late.token)).body.code).toBe('token-expired')
  })
})

describe('422', () => {
  test('a weak password leaves the link as it was', async () => {
    const { accessToken, token } = await asking()
    const reply = await set(accessToken, token, 'password')
    expect(reply.body).toMatchObject({ code: 'weak-password', reason: 'common' })
    expect((await set(accessToken, token)).status).toBe(204)
  })
})

describe('429', () => {
  test('one mail a minute', async () => {
    const { accessToken, email } = await asking()
    expect((await ask(accessToken)).status).toBe(429)
    const links = (await t.mailsTo(email)).filter(({ subject }) => subject.includes('Choose a password'))
    expect(links).toHaveLength(1)
  })
})

describe('what asks for the password says instead what to sign in with', () => {
  test.each([
    ['POST', '/v1/auth/password/change', { current_password: PASSWORD, new_password: FIRST_PASSWORD }],
    ['DELETE', '/v1/me', { password: PASSWORD }],
  ] as const)('%s %s', async (method, path, body) => {
    const person = await registerVerified(t)
    await withoutPassword(t, person, 'microsoft')
    const reply = await t.call(method, path, { as: person.accessToken, body })
    expect(reply.status).toBe(409)
    expect(reply.body).toMatchObject({ code: 'use-oauth-provider', providers: ['microsoft'] })
    expect(reply.body.detail).toContain('POST /v1/auth/password/first-link')
    expect(await statusOf(person.accessToken)).toBe(200)
  })
})
