import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONSUMERS } from '../../sandbox/oidc/microsoft.ts'
import { type OauthApp, startOauthApp } from '../support/oauthApp.ts'
import {
  answerOf,
  atGoogle,
  atMicrosoft,
  browserOf,
  comeBy,
  cookiesOf,
  errorOf,
  identitiesOf,
  isSignedIn,
  tokensOf,
} from '../support/oauthPeople.ts'
import { mailedToken, newAddress, PASSWORD, register, registerVerified, signIn } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { actionsOf } from '../support/trail.ts'

const TEN_MINUTES = 600
const LINK = { intent: 'link', return_to: '/account' }

let t: OauthApp
beforeAll(async () => {
  t = await startOauthApp()
})
afterAll(() => t?.close())

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
    expect(await identitiesOf(t, access_token)).toHaveLength(1)
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
    expect(await identitiesOf(t, victim.accessToken)).toEqual([])
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
  expect(await identitiesOf(t, access_token)).toHaveLength(2)
  expect(await isSignedIn(t, browser)).toBe(true)
})

describe('linking from a session', () => {
  test('that comes to nothing leads back to the account, and makes no second user', async () => {
    const { email, userId } = await registerVerified(t)
    const browser = await browserOf(t, email)
    t.google.faults.add({ kind: 'refused', times: 1 })
    const page = await comeBy(browser, 'google', atGoogle(t), LINK)
    expect(new URL(page.url).pathname).toBe('/account')
    expect(errorOf(page)).toBe('oauth-canceled')
    expect((await tokensOf(t, browser)).user.id).toBe(userId)
  })

  test('adds an identity, whatever its address, and says so by mail', async () => {
    const { email, userId, accessToken } = await registerVerified(t)
    const browser = await browserOf(t, email)
    const person = atMicrosoft(t, { xms_edov: undefined })
    expect((await comeBy(browser, 'microsoft', person, LINK)).url).toMatch(/\/account\?notice=linked$/)
    expect(await identitiesOf(t, accessToken)).toEqual([
      expect.objectContaining({ provider: 'microsoft', email: person.email }),
    ])
    expect((await t.mailsTo(email))[0]?.subject).toContain('Microsoft now opens your')
    const another = t.browser()
    await comeBy(another, 'microsoft', person)
    expect((await tokensOf(t, another)).user.id).toBe(userId)
  })

  test('twice is once', async () => {
    const { email, accessToken } = await registerVerified(t)
    const browser = await browserOf(t, email)
    const person = atGoogle(t)
    await comeBy(browser, 'google', person, LINK)
    expect(errorOf(await comeBy(browser, 'google', person, LINK))).toBeNull()
    expect(await identitiesOf(t, accessToken)).toHaveLength(1)
  })

  test('does not move what somebody else has', async () => {
    const person = atGoogle(t)
    const owner = t.browser()
    await comeBy(owner, 'google', person)
    const { email, accessToken } = await registerVerified(t)
    const page = await comeBy(await browserOf(t, email), 'google', person, LINK)
    expect(errorOf(page)).toBe('identity-already-linked')
    expect(await identitiesOf(t, accessToken)).toEqual([])
    expect(await identitiesOf(t, (await tokensOf(t, owner)).access_token)).toHaveLength(1)
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
    const browser = await browserOf(t, email)
    t.moveClock(TEN_MINUTES + 1)
    const { access_token: as } = await tokensOf(t, browser)
    expect(await t.call('GET', '/v1/auth/oauth/google/start?intent=link', { as })).toMatchObject({
      status: 403,
      body: { code: 'recent-sign-in-required' },
    })
  })

  test('takes a mailbox that is proved', async () => {
    const { email } = await register(t)
    const page = await comeBy(await browserOf(t, email), 'google', atGoogle(t), LINK)
    expect(errorOf(page)).toBe('email-verification-required')
  })

  test('is not begun by a page elsewhere', async () => {
    const { email } = await registerVerified(t)
    const visit = { headers: { 'sec-fetch-site': 'cross-site' } }
    expect(errorOf(await comeBy(await browserOf(t, email), 'google', atGoogle(t), LINK, visit))).toBe(
      'forbidden',
    )
  })

  test.each([
    ['signed out', (as: string) => t.call('POST', '/v1/auth/logout', { as, body: {} })],
    ['signed out everywhere', (as: string) => t.call('POST', '/v1/auth/logout-all', { as, body: {} })],
  ])('ends with the session: %s meanwhile', async (_what, end) => {
    const { email } = await registerVerified(t)
    const browser = await browserOf(t, email)
    const answer = await answerOf(browser, 'google', atGoogle(t), LINK)
    await end((await tokensOf(t, browser)).access_token)
    browser.cookies.clear('frontgate_session')
    expect(errorOf(await browser.open(answer.href))).toBe('session-expired')
    expect(await identitiesOf(t, (await signIn(t, email)).body.access_token)).toEqual([])
  })

  test('is for the one who began it, not for who has signed in since', async () => {
    const [first, second] = [await registerVerified(t), await registerVerified(t)]
    const browser = await browserOf(t, first.email)
    const answer = await answerOf(browser, 'google', atGoogle(t), LINK)
    const other = cookiesOf(await browserOf(t, second.email))
    browser.cookies.take(new URL(t.app.config.publicUrl), [
      `frontgate_session=${other.frontgate_session}; Path=/`,
    ])
    expect(errorOf(await browser.open(answer.href))).toBe('session-expired')
    expect(await identitiesOf(t, first.accessToken)).toEqual([])
    expect(await identitiesOf(t, second.accessToken)).toEqual([])
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
    const [identity] = await identitiesOf(t, accessToken)
    const reply = await t.call('DELETE', `/v1/me/identities/${identity?.id}`, { as: accessToken })
    expect(reply.status).toBe(204)
    expect(await identitiesOf(t, accessToken)).toEqual([])
    expect(await isSignedIn(t, other)).toBe(false)
    expect((await t.mailsTo(email))[0]?.subject).toContain('Google no longer opens')
    expect(await actionsOf(t, userId)).toContain('identity.unlinked')
  })

  test('never takes the last way in', async () => {
    const browser = t.browser()
    await comeBy(browser, 'google', atGoogle(t))
    const { access_token: as } = await tokensOf(t, browser)
    const [identity] = await identitiesOf(t, as)
    expect(await t.call('DELETE', `/v1/me/identities/${identity?.id}`, { as })).toMatchObject({
      status: 409,
      body: { code: 'last-sign-in-method' },
    })
    await comeBy(browser, 'microsoft', atMicrosoft(t), LINK)
    expect((await t.call('DELETE', `/v1/me/identities/${identity?.id}`, { as })).status).toBe(204)
    expect((await identitiesOf(t, as)).map(({ provider }) => provider)).toEqual(['microsoft'])
  })

  test('never takes the last way in that is set up here', async () => {
    const browser = t.browser()
    await comeBy(browser, 'google', atGoogle(t))
    await comeBy(browser, 'microsoft', atMicrosoft(t), LINK)
    const { user, access_token: as } = await tokensOf(t, browser)
    const without = await startReplica(t, { GOOGLE_CLIENT_ID: 'x', GOOGLE_CLIENT_SECRET: 'x' })
    const [microsoft, google] = await identitiesOf(t, as)
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
    const theirs = await identitiesOf(t, (await tokensOf(t, browser)).access_token)
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
  expect((await identitiesOf(t, first.access_token)).map(({ provider }) => provider)).toEqual([
    'microsoft',
    'google',
  ])
})
