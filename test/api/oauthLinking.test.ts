import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONSUMERS } from '../../sandbox/oidc/microsoft.ts'
import { mirrored } from '../support/mirrored.ts'
import { type OauthApp, startOauthApp } from '../support/oauthApp.ts'
import {
  answerOf,
  atGoogle,
  atMicrosoft,
  comeBy,
  cookiesOf,
  errorOf,
  isSignedIn,
  tokensOf,
} from '../support/oauthPeople.ts'
import { mailedToken, newAddress, PASSWORD, register, registerVerified, signIn } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { DAY_SECONDS } from '../support/staff.ts'
import { actionsOf } from '../support/trail.ts'

const TEN_MINUTES = 600
const LINK = { intent: 'link', return_to: '/account' }

let t: OauthApp
beforeAll(async () => {
  t = await startOauthApp()
})
afterAll(() => t?.close())

/** The identities of whoever has this access token, by provider. */
async function identitiesOf(as: string): Promise<{ id: string; provider: string; email: string | null }[]> {
  const { body } = await t.call('GET', '/v1/me/identities', { as })
  return body.data
}

/** A browser in which somebody has just signed in with a password. */
async function browserOf(email: string, password = PASSWORD) {
  const browser = t.browser()
  const { cookies } = await t.call('POST', '/v1/auth/login', { body: { email, password } })
  const lines = Object.entries(cookies).map(([name, value]) => `${name}=${value}; Path=/`)
  browser.cookies.take(new URL(t.app.config.publicUrl), lines)
  return browser
}

describe('an address that a verified user has', () => {
  test.each([
    ['Google hosts the domain', (email: string) => ['google', atGoogle(t, { email })] as const],
    [
      'Microsoft knows the owner of the domain',
      (email: string) => ['microsoft', atMicrosoft(t, { email })] as const,
    ],
    ['xms_edov is "1"', (email: string) => ['microsoft', atMicrosoft(t, { email, xms_edov: '1' })] as const],
    [
      'a personal account',
      (email: string) =>
        ['microsoft', atMicrosoft(t, { email, tid: CONSUMERS, xms_edov: undefined })] as const,
    ],
  ])('joins when %s', async (_what, personOf) => {
    const { email, userId } = await registerVerified(t)
    const [provider, person] = personOf(email)
    const browser = t.browser()
    await comeBy(browser, provider, person)
    const { user, access_token } = await tokensOf(t, browser)
    expect(user).toMatchObject({ id: userId, has_password: true })
    expect(await identitiesOf(access_token)).toHaveLength(1)
    expect((await t.mailsTo(email))[0]?.subject).toContain('now opens your')
    expect(await actionsOf(t, userId)).toContain('identity.linked')
  })

  test.each([
    [
      'xms_edov is absent',
      (email: string) => ['microsoft', atMicrosoft(t, { email, xms_edov: undefined })] as const,
    ],
    [
      'xms_edov is false',
      (email: string) => ['microsoft', atMicrosoft(t, { email, xms_edov: false })] as const,
    ],
    ['xms_edov is "0"', (email: string) => ['microsoft', atMicrosoft(t, { email, xms_edov: '0' })] as const],
    ['xms_edov is 0', (email: string) => ['microsoft', atMicrosoft(t, { email, xms_edov: 0 })] as const],
    [
      'Google does not say that it is verified',
      (email: string) => ['google', atGoogle(t, { email, email_verified: undefined })] as const,
    ],
    [
      'Google says that it is not',
      (email: string) => ['google', atGoogle(t, { email, email_verified: false })] as const,
    ],
    [
      'Google does not run the mailbox',
      (email: string) => ['google', atGoogle(t, { email, hd: undefined })] as const,
    ],
  ])('does not join when %s', async (_what, personOf) => {
    const victim = await registerVerified(t)
    const [provider, person] = personOf(victim.email)
    const attacker = t.browser()
    expect(errorOf(await comeBy(attacker, provider, person))).toBe('email-already-registered')
    expect(await isSignedIn(t, attacker)).toBe(false)
    expect(await identitiesOf(victim.accessToken)).toEqual([])
  })

  test('one sub at two providers is two people', async () => {
    const sub = randomUUID()
    const [google, microsoft] = [t.browser(), t.browser()]
    await comeBy(google, 'google', atGoogle(t, { sub }))
    await comeBy(microsoft, 'microsoft', atMicrosoft(t, { oid: sub }))
    expect((await tokensOf(t, google)).user.id).not.toBe((await tokensOf(t, microsoft)).user.id)
  })

  test('one object id in two directories is two people', async () => {
    const oid = randomUUID()
    const [here, there] = [t.browser(), t.browser()]
    await comeBy(here, 'microsoft', atMicrosoft(t, { oid }))
    // The directories of one provider have one namespace of hints in the sandbox: the newer of the two is meant.
    await comeBy(there, 'microsoft', atMicrosoft(t, { oid, tid: randomUUID() }))
    expect((await tokensOf(t, here)).user.id).not.toBe((await tokensOf(t, there)).user.id)
  })
})

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
    expect((await identitiesOf(access_token)).map(({ provider }) => provider)).toEqual(['google'])
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
    await comeBy(await browserOf(squatter.email), 'google', person, LINK)
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
    expect(await identitiesOf(body.access_token)).toHaveLength(1)
  })
})

test('who has moved to another address keeps what made the user when another provider proves the new one', async () => {
  const browser = t.browser()
  await comeBy(browser, 'google', atGoogle(t))
  const { user, access_token: as } = await tokensOf(t, browser)
  const email = newAddress('moved')
  await t.call('POST', '/v1/me/email', { as, body: { email } })
  for (const address of [email, user.email]) {
    const token = await mailedToken(t, address)
    expect((await t.call('POST', '/v1/auth/email/change/confirm', { body: { token } })).status).toBe(200)
  }
  const other = t.browser()
  await comeBy(other, 'microsoft', atMicrosoft(t, { email }))
  const { access_token } = await tokensOf(t, other)
  expect(await identitiesOf(access_token)).toHaveLength(2)
  expect(await isSignedIn(t, browser)).toBe(true)
})

describe('linking from a session', () => {
  test('that comes to nothing leads back to the account, and makes no second user', async () => {
    const { email, userId } = await registerVerified(t)
    const browser = await browserOf(email)
    t.google.faults.add({ kind: 'refused', times: 1 })
    const page = await comeBy(browser, 'google', atGoogle(t), LINK)
    expect(new URL(page.url).pathname).toBe('/account')
    expect(errorOf(page)).toBe('oauth-canceled')
    expect((await tokensOf(t, browser)).user.id).toBe(userId)
  })

  test('adds an identity, whatever its address, and says so by mail', async () => {
    const { email, userId, accessToken } = await registerVerified(t)
    const browser = await browserOf(email)
    const person = atMicrosoft(t, { xms_edov: undefined })
    expect((await comeBy(browser, 'microsoft', person, LINK)).url).toMatch(/\/account\?notice=linked$/)
    expect(await identitiesOf(accessToken)).toEqual([
      expect.objectContaining({ provider: 'microsoft', email: person.email }),
    ])
    expect((await t.mailsTo(email))[0]?.subject).toContain('Microsoft now opens your')
    const another = t.browser()
    await comeBy(another, 'microsoft', person)
    expect((await tokensOf(t, another)).user.id).toBe(userId)
  })

  test('twice is once', async () => {
    const { email, accessToken } = await registerVerified(t)
    const browser = await browserOf(email)
    const person = atGoogle(t)
    await comeBy(browser, 'google', person, LINK)
    expect(errorOf(await comeBy(browser, 'google', person, LINK))).toBeNull()
    expect(await identitiesOf(accessToken)).toHaveLength(1)
  })

  test('does not move what somebody else has', async () => {
    const person = atGoogle(t)
    const owner = t.browser()
    await comeBy(owner, 'google', person)
    const { email, accessToken } = await registerVerified(t)
    const page = await comeBy(await browserOf(email), 'google', person, LINK)
    expect(errorOf(page)).toBe('identity-already-linked')
    expect(await identitiesOf(accessToken)).toEqual([])
    expect(await identitiesOf((await tokensOf(t, owner)).access_token)).toHaveLength(1)
  })

  test('takes a session', async () => {
    expect(await t.call('GET', '/v1/auth/oauth/google/start?intent=link')).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    })
    expect(errorOf(await comeBy(t.browser(), 'google', atGoogle(t), LINK))).toBe('unauthenticated')
  })

  test('takes a sign-in of the last ten minutes; refreshing is none', async () => {
    const { email } = await registerVerified(t)
    const browser = await browserOf(email)
    t.moveClock(TEN_MINUTES + 1)
    const { access_token: as } = await tokensOf(t, browser)
    expect(await t.call('GET', '/v1/auth/oauth/google/start?intent=link', { as })).toMatchObject({
      status: 403,
      body: { code: 'recent-sign-in-required' },
    })
  })

  test('takes a mailbox that is proved', async () => {
    const { email } = await register(t)
    const page = await comeBy(await browserOf(email), 'google', atGoogle(t), LINK)
    expect(errorOf(page)).toBe('email-verification-required')
  })

  test('is not begun by a page elsewhere', async () => {
    const { email } = await registerVerified(t)
    const visit = { headers: { 'sec-fetch-site': 'cross-site' } }
    expect(errorOf(await comeBy(await browserOf(email), 'google', atGoogle(t), LINK, visit))).toBe(
      'forbidden',
    )
  })

  test.each([
    ['signed out', (as: string) => t.call('POST', '/v1/auth/logout', { as, body: {} })],
    ['signed out everywhere', (as: string) => t.call('POST', '/v1/auth/logout-all', { as, body: {} })],
  ])('ends with the session: %s meanwhile', async (_what, end) => {
    const { email } = await registerVerified(t)
    const browser = await browserOf(email)
    const answer = await answerOf(browser, 'google', atGoogle(t), LINK)
    await end((await tokensOf(t, browser)).access_token)
    browser.cookies.clear('frontgate_session')
    expect(errorOf(await browser.open(answer.href))).toBe('session-expired')
    expect(await identitiesOf((await signIn(t, email)).body.access_token)).toEqual([])
  })

  test('is for the one who began it, not for who has signed in since', async () => {
    const [first, second] = [await registerVerified(t), await registerVerified(t)]
    const browser = await browserOf(first.email)
    const answer = await answerOf(browser, 'google', atGoogle(t), LINK)
    const other = cookiesOf(await browserOf(second.email))
    browser.cookies.take(new URL(t.app.config.publicUrl), [
      `frontgate_session=${other.frontgate_session}; Path=/`,
    ])
    expect(errorOf(await browser.open(answer.href))).toBe('session-expired')
    expect(await identitiesOf(first.accessToken)).toEqual([])
    expect(await identitiesOf(second.accessToken)).toEqual([])
  })

  test('works by access token too', async () => {
    const { accessToken: as } = await registerVerified(t)
    const { status, headers } = await t.call('GET', '/v1/auth/oauth/google/start?intent=link', { as })
    expect([status, new URL(String(headers.location)).hostname]).toEqual([302, 'accounts.google.com'])
  })
})

describe('unlinking', () => {
  test('takes the identity away, ends the other sessions, and says so by mail', async () => {
    const { email, accessToken, userId } = await registerVerified(t)
    const person = atGoogle(t, { email })
    const other = t.browser()
    await comeBy(other, 'google', person)
    const [identity] = await identitiesOf(accessToken)
    const reply = await t.call('DELETE', `/v1/me/identities/${identity?.id}`, { as: accessToken })
    expect(reply.status).toBe(204)
    expect(await identitiesOf(accessToken)).toEqual([])
    expect(await isSignedIn(t, other)).toBe(false)
    expect((await t.mailsTo(email))[0]?.subject).toContain('Google no longer opens')
    expect(await actionsOf(t, userId)).toContain('identity.unlinked')
  })

  test('never takes the last way in', async () => {
    const browser = t.browser()
    await comeBy(browser, 'google', atGoogle(t))
    const { access_token: as } = await tokensOf(t, browser)
    const [identity] = await identitiesOf(as)
    expect(await t.call('DELETE', `/v1/me/identities/${identity?.id}`, { as })).toMatchObject({
      status: 409,
      body: { code: 'last-sign-in-method' },
    })
    await comeBy(browser, 'microsoft', atMicrosoft(t), LINK)
    expect((await t.call('DELETE', `/v1/me/identities/${identity?.id}`, { as })).status).toBe(204)
    expect((await identitiesOf(as)).map(({ provider }) => provider)).toEqual(['microsoft'])
  })

  test('never takes the last way in that is set up here', async () => {
    const browser = t.browser()
    await comeBy(browser, 'google', atGoogle(t))
    await comeBy(browser, 'microsoft', atMicrosoft(t), LINK)
    const { user, access_token: as } = await tokensOf(t, browser)
    const without = await startReplica(t, { GOOGLE_CLIENT_ID: 'x', GOOGLE_CLIENT_SECRET: 'x' })
    const [microsoft, google] = await identitiesOf(as)
    const unlink = (id = '') => without.delete(`/v1/me/identities/${id}`, as)
    expect((await unlink(google?.id)).body.code).toBe('last-sign-in-method')
    expect((await unlink(microsoft?.id)).status).toBe(204)
    // Whose only provider is not set up any more gets in by mail.
    const login = { email: user.email, password: PASSWORD }
    const microsoftOnly = await startReplica(t, { MICROSOFT_CLIENT_ID: 'x', MICROSOFT_CLIENT_SECRET: 'x' })
    expect((await microsoftOnly.post('/v1/auth/login', login)).body.code).toBe('invalid-credentials')
  })

  test('takes a sign-in of the last ten minutes, and an identity of one’s own', async () => {
    const mine = await registerVerified(t)
    const browser = t.browser()
    await comeBy(browser, 'google', atGoogle(t))
    const theirs = await identitiesOf((await tokensOf(t, browser)).access_token)
    const url = `/v1/me/identities/${theirs[0]?.id}`
    expect((await t.call('DELETE', url, { as: mine.accessToken })).status).toBe(404)
    t.moveClock(TEN_MINUTES + 1)
    const { access_token: as } = await tokensOf(t, browser)
    expect((await t.call('DELETE', url, { as })).body.code).toBe('recent-sign-in-required')
  })
})

test('one mailbox, proved at Google and at Microsoft, is one user with two ways in', async () => {
  const email = newAddress('one')
  const [google, microsoft] = [t.browser(), t.browser()]
  await comeBy(google, 'google', atGoogle(t, { email }))
  await comeBy(microsoft, 'microsoft', atMicrosoft(t, { email }))
  const [first, second] = [await tokensOf(t, google), await tokensOf(t, microsoft)]
  expect(second.user.id).toBe(first.user.id)
  expect((await identitiesOf(first.access_token)).map(({ provider }) => provider)).toEqual([
    'microsoft',
    'google',
  ])
})
