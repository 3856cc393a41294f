import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setCookies } from '../support/cookies.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { mailedToken, register } from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'
import { trailOf } from '../support/trail.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const DAY = 86_400

const verify = (token: unknown, app = t) => app.call('POST', '/v1/auth/email/verify', { body: { token } })
const isVerified = async (as: string) => (await t.call('GET', '/v1/me', { as })).body.email_verified

describe('200', () => {
  test('the mailed link proves the mailbox, for sessions that are there already too', async () => {
    const person = await register(t)
    expect(await isVerified(person.accessToken)).toBe(false)
    const reply = await verify(await mailedToken(t, person.email))
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({ email: person.email })
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(setCookies(reply)).toEqual({})
    expect(await isVerified(person.accessToken)).toBe(true)
    const me = await t.call('GET', '/v1/me', { as: person.accessToken })
    expect(me.body.verification_grace_ends_at).toBeNull()
    const [entry] = await trailOf(t, person.userId)
    expect(entry).toMatchObject({ action: 'email.verified', actor_kind: 'anyone', details: { by: 'link' } })
  })

  test('opening the page uses nothing, however often and by whom it is opened; posting does', async () => {
    const person = await register(t)
    const token = await mailedToken(t, person.email)
    const [mail] = await t.mailsTo(person.email)
    const link = new URL(mail?.links[0] ?? '')
    for (const method of ['GET', 'HEAD', 'GET'] as const) {
      const page = await t.call(method, link.pathname + link.search, { headers: { purpose: 'prefetch' } })
      expect(page.status).toBe(200)
      expect(page.headers['cache-control']).toBe('no-store')
      expect(page.headers['referrer-policy']).toBe('no-referrer')
      expect(page.text).not.toContain(token)
    }
    expect(await isVerified(person.accessToken)).toBe(false)
    expect((await t.call('GET', `/v1/auth/email/verify?token=${token}`)).status).toBe(405)
    expect((await verify(token)).status).toBe(200)
  })

  test('of parallel posts of one link exactly one succeeds', async () => {
    const { email } = await register(t)
    const token = await mailedToken(t, email)
    const replies = await Promise.all(Array.from({ length: 20 }, () => verify(token)))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status, body } of replies) if (status !== 200) expect(body.code).toBe('token-used')
  })

  test('the link holds to the last second of its day', async () => {
    const { email } = await register(t)
    const token = await mailedToken(t, email)
    await t.advance(DAY - 1)
    expect((await verify(token)).status).toBe(200)
  })
})

describe('grace', () => {
  test('unverified, one works for seven days; then only what leads out of it does, and verifying restores all at once', async () => {
    const u = await startTestAppWith({})
    const person = await register(u)
    const guard = (as: string) => u.call('GET', '/v1/forward-auth?require=plan:pro', { as })
    const graceEnd = new Date(u.app.now().getTime() + 7 * DAY * 1000).toISOString()
    expect((await u.call('GET', '/v1/me', { as: person.accessToken })).body.verification_grace_ends_at).toBe(
      graceEnd,
    )
    await u.advance(7 * DAY - 1)
    const { body: tokens } = await u.call('POST', '/v1/auth/refresh', {
      body: { refresh_token: person.refreshToken },
    })
    const as = tokens.access_token
    expect((await guard(as)).status).toBe(200)
    await u.advance(1)
    const refused = await guard(as)
    expect(refused.status).toBe(403)
    expect(refused.body).toMatchObject({ code: 'email-verification-required', grace_ended_at: graceEnd })
    expect((await u.call('GET', '/v1/billing/state', { as })).status).toBe(200)
    expect((await u.call('POST', '/v1/auth/email/resend', { as })).status).toBe(202)
    expect((await verify(await mailedToken(u, person.email), u)).status).toBe(200)
    expect((await guard(as)).status).toBe(200)
    expect((await u.call('POST', '/v1/auth/logout', { as })).status).toBe(204)
  })

  test('after it one may still sign out and delete oneself', async () => {
    const u = await startTestAppWith({ VERIFICATION_GRACE_DAYS: '0' })
    const [leaving, deleting] = [await register(u), await register(u)]
    expect((await u.call('GET', '/v1/forward-auth', { as: leaving.accessToken })).status).toBe(403)
    expect((await u.call('POST', '/v1/auth/logout', { as: leaving.accessToken })).status).toBe(204)
    expect((await u.call('DELETE', '/v1/me', { as: deleting.accessToken, body: {} })).status).toBe(204)
  })
})

describe('404', () => {
  test('a link that was never sent', async () => {
    const reply = await verify('x'.repeat(43))
    expect(reply.status).toBe(404)
    expect(reply.body.code).toBe('token-unknown')
  })

  test('a reset link is no verification link', async () => {
    const { email } = await register(t)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email } })
    expect((await verify(await tokenFor(t, '/reset-password', email))).body.code).toBe('token-unknown')
  })

  test('a link with one character changed', async () => {
    const { email } = await register(t)
    const token = await mailedToken(t, email)
    const changed = (token.startsWith('A') ? 'B' : 'A') + token.slice(1)
    expect((await verify(changed)).body.code).toBe('token-unknown')
    expect((await verify(token)).status).toBe(200)
  })
})

describe('410', () => {
  test('a link that was used', async () => {
    const { email } = await register(t)
    const token = await mailedToken(t, email)
    await verify(token)
    const again = await verify(token)
    expect(again.status).toBe(410)
    expect(again.body.code).toBe('token-used')
  })

  test('a link that is a day old', async () => {
    const { email } = await register(t)
    const token = await mailedToken(t, email)
    await t.advance(DAY)
    expect((await verify(token)).body.code).toBe('token-expired')
  })

  test('a link that a newer one has taken the place of', async () => {
    const { email, accessToken } = await register(t)
    const first = await mailedToken(t, email)
    await t.call('POST', '/v1/auth/email/resend', { as: accessToken })
    const second = await mailedToken(t, email)
    expect(second).not.toBe(first)
    expect((await verify(first)).body.code).toBe('token-superseded')
    expect((await verify(second)).status).toBe(200)
  })

  test('a link of somebody who has proved the mailbox in another way since', async () => {
    const { email } = await register(t)
    const token = await mailedToken(t, email)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email } })
    const body = { token: await tokenFor(t, '/reset-password', email), password: 'another good password' }
    expect((await t.call('POST', '/v1/auth/password/reset', { body })).status).toBe(204)
    expect((await verify(token)).body.code).toBe('token-superseded')
  })

  test('a link of a user who is deleted', async () => {
    const { email, accessToken } = await register(t)
    const token = await mailedToken(t, email)
    await t.call('DELETE', '/v1/me', { as: accessToken, body: {} })
    expect((await verify(token)).body.code).toBe('token-superseded')
  })
})

describe('422', () => {
  test.each([undefined, null, '', ['x'], { token: 'x' }, 'x'.repeat(201)])('%j', async (token) => {
    expect((await verify(token)).status).toBe(422)
  })
})
