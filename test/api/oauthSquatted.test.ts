import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mirrored } from '../support/mirrored.ts'
import { type OauthApp, startOauthApp } from '../support/oauthApp.ts'
import {
  atGoogle,
  atMicrosoft,
  browserOf,
  comeBy,
  errorOf,
  identitiesOf,
  isSignedIn,
  tokensOf,
} from '../support/oauthPeople.ts'
import { mailedToken, newAddress, PASSWORD, register, registerVerified, signIn } from '../support/people.ts'
import { DAY_SECONDS } from '../support/staff.ts'
import { actionsOf } from '../support/trail.ts'

const LINK = { intent: 'link', return_to: '/account' }

let t: OauthApp
beforeAll(async () => {
  t = await startOauthApp()
})
afterAll(() => t?.close())

describe('an address that somebody has typed and never proved', () => {
  test('is its owner’s, and nothing of the squatter’s opens anything', async () => {
    const squatter = await register(t)
    const { email } = squatter
    const pending = await mailedToken(t, email)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from: '127.46.0.1' })
    const reset = await mailedToken(t, email)

    const browser = t.browser()
    await comeBy(browser, 'google', atGoogle(t, { email }))
    const { user, account, access_token } = await tokensOf(t, browser)
    expect(user).toMatchObject({ email, email_verified: true, has_password: false, name: 'Ada Lovelace' })
    expect(account.id).not.toBe(squatter.accountId)
    const state = await t.call('GET', '/v1/billing/state', { as: access_token })
    expect(state.body.subscription).toMatchObject({ status: 'trialing', trial_days_remaining: 14 })

    const refresh = { body: { refresh_token: squatter.refreshToken } }
    const password = 'quite another staple battery'
    const ways = {
      access: await t.call('GET', '/v1/me', { as: squatter.accessToken }),
      refresh: await t.call('POST', '/v1/auth/refresh', refresh),
      password: await signIn(t, email),
      link: await t.call('POST', '/v1/auth/email/verify', { body: { token: pending } }),
      reset: await t.call('POST', '/v1/auth/password/reset', { body: { token: reset, password } }),
    }
    const outcomes = Object.fromEntries(Object.entries(ways).map(([way, { body }]) => [way, body.code]))
    expect(outcomes).toEqual({
      access: 'session-expired',
      refresh: 'session-expired',
      password: 'use-oauth-provider',
      link: 'token-superseded',
      reset: 'use-oauth-provider',
    })
    expect((await t.mailsTo(email))[0]?.subject).toContain('Your address is yours again')
    expect(await actionsOf(t, squatter.userId)).toContain('user.address-released')
  })

  test('is its owner’s also where the squatter came by Microsoft', async () => {
    const email = newAddress('victim')
    const attacker = t.browser()
    const person = atMicrosoft(t, { email, xms_edov: undefined })
    await comeBy(attacker, 'microsoft', person)
    expect(await isSignedIn(t, attacker)).toBe(true)

    const owner = t.browser()
    await comeBy(owner, 'google', atGoogle(t, { email }))
    expect((await tokensOf(t, owner)).user).toMatchObject({ email, email_verified: true })
    expect(await isSignedIn(t, attacker)).toBe(false)
    expect(errorOf(await comeBy(attacker, 'microsoft', person))).toBe('email-already-registered')
  })

  test('leaves an account that pays as it is, and operators see that its owner is gone', async () => {
    const squatter = await register(t)
    await mirrored(t, squatter.accountId)
    const owner = t.browser()
    await comeBy(owner, 'google', atGoogle(t, { email: squatter.email }))
    expect((await tokensOf(t, owner)).accounts).toEqual([
      expect.objectContaining({ role: 'owner', name: 'Ada Lovelace’s account' }),
    ])
    expect(await actionsOf(t, squatter.userId)).toContain('account.owner-lost')
    // Nobody is left in it to whom mails would go.
    await t.advance(12 * DAY_SECONDS)
    const { rows } = await t.app.pool.query(`select template from mail_log where status = 'queued'`)
    expect(rows).toEqual([])
  })

  test('leaves an account that has another owner to them', async () => {
    const [squatter, other] = [await register(t), await registerVerified(t)]
    await t.app.pool.query(
      `insert into members (account_id, user_id, role, created_at) values ($1, $2, 'owner', $3)`,
      [squatter.accountId, other.userId, t.app.now()],
    )
    await comeBy(t.browser(), 'google', atGoogle(t, { email: squatter.email }))
    expect(await actionsOf(t, squatter.userId)).not.toContain('account.owner-lost')
    const { body } = await t.call('GET', '/v1/accounts', { as: other.accessToken })
    expect(body.data.map(({ id }: { id: string }) => id)).toContain(squatter.accountId)
  })

  test('keeps its account for whoever comes in the browser that registered it', async () => {
    const person = await register(t)
    const browser = t.browser()
    const device = Object.entries(person.cookies).map(([name, value]) => `${name}=${value}; Path=/`)
    browser.cookies.take(new URL(t.app.config.publicUrl), device)
    await comeBy(browser, 'google', atGoogle(t, { email: person.email }))
    const { user, account } = await tokensOf(t, browser)
    expect([user.id, account.id]).toEqual([person.userId, person.accountId])
    expect(user).toMatchObject({ email_verified: true, has_password: false })
    // All the same, what opened it before does so no more.
    expect((await signIn(t, person.email)).body.code).toBe('use-oauth-provider')
    const refresh = { body: { refresh_token: person.refreshToken } }
    expect((await t.call('POST', '/v1/auth/refresh', refresh)).status).toBe(401)
  })

  test('stays with whoever typed it while nothing proves it', async () => {
    const squatter = await register(t)
    const other = t.browser()
    const person = atMicrosoft(t, { email: squatter.email, xms_edov: false })
    expect(errorOf(await comeBy(other, 'microsoft', person))).toBe('email-already-registered')
    expect((await t.call('GET', '/v1/me', { as: squatter.accessToken })).body.email_verified).toBe(false)
  })

  test('is taken back by a reset link also after its owner has verified what the squatter made', async () => {
    const email = newAddress('victim')
    const attacker = t.browser()
    const person = atMicrosoft(t, { email, xms_edov: undefined })
    await comeBy(attacker, 'microsoft', person)
    const token = await mailedToken(t, email)
    await t.call('POST', '/v1/auth/email/verify', { body: { token } })
    await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from: '127.46.0.3' })
    const [mail] = await t.mailsTo(email)
    expect(mail?.text).toContain('Microsoft')
    const body = { token: await mailedToken(t, email), password: PASSWORD }
    expect((await t.call('POST', '/v1/auth/password/reset', { body })).status).toBe(204)
    expect(await isSignedIn(t, attacker)).toBe(false)
    expect(errorOf(await comeBy(attacker, 'microsoft', person))).toBe('email-already-registered')
  })

  test('is taken back by Google also after its owner has verified what the squatter made', async () => {
    const email = newAddress('victim')
    const attacker = t.browser()
    const person = atMicrosoft(t, { email, xms_edov: undefined })
    await comeBy(attacker, 'microsoft', person)
    await t.call('POST', '/v1/auth/email/verify', { body: { token: await mailedToken(t, email) } })
    const owner = t.browser()
    await comeBy(owner, 'google', atGoogle(t, { email }))
    const { access_token } = await tokensOf(t, owner)
    expect((await identitiesOf(t, access_token)).map(({ provider }) => provider)).toEqual(['google'])
    expect(await isSignedIn(t, attacker)).toBe(false)
    expect(errorOf(await comeBy(attacker, 'microsoft', person))).toBe('email-already-registered')
  })

  test('is verified by the reset link, which leaves no identity of the squatter’s', async () => {
    const email = newAddress('victim')
    const attacker = t.browser()
    const person = atMicrosoft(t, { email, xms_edov: undefined })
    await comeBy(attacker, 'microsoft', person)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from: '127.46.0.2' })
    const body = { token: await mailedToken(t, email), password: PASSWORD }
    expect((await t.call('POST', '/v1/auth/password/reset', { body })).status).toBe(204)
    expect(await isSignedIn(t, attacker)).toBe(false)
    expect(errorOf(await comeBy(attacker, 'microsoft', person))).toBe('email-already-registered')
    expect((await signIn(t, email)).body.user.email_verified).toBe(true)
  })
})

describe('a reset link, which only the mailbox can use', () => {
  async function reset(email: string, from: string) {
    await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from })
    const body = { token: await mailedToken(t, email), password: 'quite another staple battery' }
    return t.call('POST', '/v1/auth/password/reset', { body })
  }

  test('takes off what was linked by a stranger whose registration the owner has verified', async () => {
    const squatter = await registerVerified(t)
    const person = atGoogle(t)
    await comeBy(await browserOf(t, squatter.email), 'google', person, LINK)
    expect((await reset(squatter.email, '127.46.1.1')).status).toBe(204)
    expect((await t.mailsTo(squatter.email))[0]?.text).toContain('Google')
    const stranger = t.browser()
    await comeBy(stranger, 'google', person)
    expect((await tokensOf(t, stranger)).user.id).not.toBe(squatter.userId)
  })

  test('leaves what proves the same mailbox', async () => {
    const { email } = await registerVerified(t)
    await comeBy(t.browser(), 'google', atGoogle(t, { email }))
    expect((await reset(email, '127.46.1.2')).status).toBe(204)
    const { body } = await signIn(t, email, 'quite another staple battery')
    expect(await identitiesOf(t, body.access_token)).toHaveLength(1)
  })
})
