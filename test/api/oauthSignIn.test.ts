import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OauthApp, startOauthApp, startOauthAppWith } from '../support/oauthApp.ts'
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
import { startTestAppWith } from '../support/testApp.ts'
import { actionsOf } from '../support/trail.ts'

let t: OauthApp
beforeAll(async () => {
  t = await startOauthApp({ PRODUCT_ORIGINS: 'https://app.company.example' })
})
afterAll(() => t?.close())

const START = '/v1/auth/oauth/google/start'

describe('somebody new', () => {
  test('gets a user, an account and a trial, and is verified', async () => {
    const person = atGoogle(t)
    const browser = t.browser()
    const page = await comeBy(browser, 'google', person)
    expect(page).toMatchObject({ url: 'http://localhost:4000/account', status: 200 })
    const { user, account, access_token: as } = await tokensOf(t, browser)
    expect(user).toMatchObject({
      email: person.email,
      name: 'Ada Lovelace',
      email_verified: true,
      has_password: false,
    })
    expect(account).toMatchObject({ name: 'Ada Lovelace’s account', role: 'owner' })
    const state = await t.call('GET', '/v1/billing/state', { as })
    expect(state.body).toMatchObject({ reason: 'trial', subscription: { trial_days_remaining: 14 } })
    // Their provider has proved the mailbox: there is nothing left to prove by mail.
    expect(await t.mailsTo(person.email)).toEqual([])
    expect(await actionsOf(t, user.id)).toEqual(expect.arrayContaining(['user.registered', 'session.began']))
  })

  test('comes in as the same user the next time, whatever their address has become', async () => {
    const person = atMicrosoft(t)
    const browser = t.browser()
    await comeBy(browser, 'microsoft', person)
    const first = await tokensOf(t, browser)
    const moved = atMicrosoft(t, { ...person, email: newAddress('moved') })
    const another = t.browser()
    await comeBy(another, 'microsoft', moved)
    const second = await tokensOf(t, another)
    expect(second.user).toMatchObject({ id: first.user.id, email: person.email })
    const { body } = await t.call('GET', '/v1/me/identities', { as: second.access_token })
    expect(body.data).toEqual([expect.objectContaining({ provider: 'microsoft', email: moved.email })])
  })

  test('whose address nobody vouches for verifies it like anybody else', async () => {
    const person = atMicrosoft(t, { xms_edov: undefined })
    const browser = t.browser()
    await comeBy(browser, 'microsoft', person)
    const { user } = await tokensOf(t, browser)
    expect(user).toMatchObject({ email: person.email, email_verified: false })
    const token = await mailedToken(t, person.email)
    expect((await t.call('POST', '/v1/auth/email/verify', { body: { token } })).status).toBe(200)
    expect((await tokensOf(t, browser)).user.email_verified).toBe(true)
  })

  test('is verified later by the provider that could not vouch before', async () => {
    const person = atMicrosoft(t, { xms_edov: '0' })
    const browser = t.browser()
    await comeBy(browser, 'microsoft', person)
    expect((await tokensOf(t, browser)).user.email_verified).toBe(false)
    atMicrosoft(t, { ...person, xms_edov: '1' })
    await comeBy(browser, 'microsoft', person)
    expect((await tokensOf(t, browser)).user.email_verified).toBe(true)
  })

  test('without any address is sent away, and nothing is made', async () => {
    const person = atMicrosoft(t)
    t.microsoft.people.put({ oid: person.oid, tid: person.tid, name: 'Nobody' })
    const browser = t.browser()
    expect(errorOf(await comeBy(browser, 'microsoft', person))).toBe('oauth-email-missing')
    expect(await isSignedIn(t, browser)).toBe(false)
  })

  test('has had their trial if their mailbox has, under a user who is gone', async () => {
    const person = atGoogle(t)
    const browser = t.browser()
    await comeBy(browser, 'google', person)
    const { access_token: as } = await tokensOf(t, browser)
    expect((await t.call('DELETE', '/v1/me', { as, body: {} })).status).toBe(204)
    const again = t.browser()
    await comeBy(again, 'google', person)
    const { access_token } = await tokensOf(t, again)
    const state = await t.call('GET', '/v1/billing/state', { as: access_token })
    expect(state.body.subscription).toMatchObject({ status: 'none', trial_ends_at: null })
  })

  test('is refused where people may not create accounts, and those who are known come in', async () => {
    const person = atGoogle(t)
    await comeBy(t.browser(), 'google', person)
    const { config } = t.app
    Object.assign(config, { selfServeEnabled: false })
    try {
      const stranger = t.browser()
      expect(errorOf(await comeBy(stranger, 'google', atGoogle(t)))).toBe('self-serve-disabled')
      expect(await isSignedIn(t, stranger)).toBe(false)
      const known = t.browser()
      await comeBy(known, 'google', person)
      expect(await isSignedIn(t, known)).toBe(true)
    } finally {
      Object.assign(config, { selfServeEnabled: true })
    }
  })
})

describe('a session that began at a provider', () => {
  test('is one like any other: it refreshes, is listed, remembers the device and ends', async () => {
    const browser = t.browser()
    await comeBy(browser, 'google', atGoogle(t))
    expect(Object.keys(cookiesOf(browser)).sort()).toEqual([
      'frontgate_device',
      'frontgate_oauth',
      'frontgate_session',
    ])
    const { access_token: as } = await tokensOf(t, browser)
    const { body } = await t.call('GET', '/v1/auth/sessions', { as })
    expect(body.data).toHaveLength(1)
    await t.call('POST', '/v1/auth/logout', { as, cookies: cookiesOf(browser) })
    expect(await isSignedIn(t, browser)).toBe(false)
  })

  test('on a device that was never seen is told of by mail', async () => {
    const person = atGoogle(t)
    await comeBy(t.browser(), 'google', person)
    await comeBy(t.browser('127.9.9.9'), 'google', person)
    const [mail] = await t.mailsTo(person.email)
    expect(mail?.subject).toContain('New sign-in')
  })
})

describe('on the way', () => {
  test('goes back where it was asked to, also to the product', async () => {
    const page = await comeBy(t.browser(), 'google', atGoogle(t), { return_to: '/billing?tab=seats' })
    expect(page.url).toBe('http://localhost:4000/billing?tab=seats')
    const away = await comeBy(
      t.browser(),
      'google',
      atGoogle(t),
      { return_to: 'https://app.company.example/runbooks' },
      { stopBefore: /^https:\/\/app\./ },
    )
    expect(away.next).toBe('https://app.company.example/runbooks')
  })

  test.each([
    ['https://evil.example/'],
    ['//evil.example'],
    ['/.//evil.example'],
    ['/%761/config'],
    ['/\\evil.example'],
    ['javascript:alert(1)'],
  ])('does not go back to %s', async (return_to) => {
    const reply = await t.call('GET', `${START}?${new URLSearchParams({ return_to })}`)
    expect(reply).toMatchObject({ status: 422, body: { errors: [{ pointer: '#/query/return_to' }] } })
  })

  test('asks with PKCE, a state, a nonce, and what it was told to pass on', async () => {
    const query = new URLSearchParams({ login_hint: 'ada@company.example', prompt: 'select_account' })
    const { headers } = await t.call('GET', `${START}?${query}`)
    const asked = new URL(String(headers.location))
    expect(asked.origin + asked.pathname).toBe('https://accounts.google.com/o/oauth2/v2/auth')
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      response_type: 'code',
      scope: 'openid email profile',
      redirect_uri: 'http://localhost:4000/v1/auth/oauth/google/callback',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      login_hint: 'ada@company.example',
      prompt: 'select_account',
    })
  })

  test('each provider has a redirect URI of its own', async () => {
    const { headers } = await t.call('GET', '/v1/auth/oauth/microsoft/start')
    const asked = new URL(String(headers.location))
    expect(asked.searchParams.get('redirect_uri')).toBe(
      'http://localhost:4000/v1/auth/oauth/microsoft/callback',
    )
  })

  test('cookies are for this host and out of reach of scripts', async () => {
    const https = await startOauthAppWith({ PUBLIC_URL: 'https://gate.example' })
    const { headers } = await https.call('GET', START)
    const [cookie] = [headers['set-cookie'] ?? []].flat()
    expect(cookie).toMatch(/^__Host-frontgate_oauth=[\w-]{43};/)
    expect(cookie).toMatch(/; Path=\/; .*HttpOnly; Secure; SameSite=Lax$/)
  })

  test('who begins at 127.0.0.1 is sent to where the answer will come', async () => {
    const { status, headers } = await t.call('GET', `${START}?return_to=/billing`, {
      headers: { host: '127.0.0.1:4000' },
    })
    expect([status, headers.location]).toEqual([302, `http://localhost:4000${START}?return_to=/billing`])
  })

  test('a network can begin only so often', async () => {
    const from = '127.44.0.1'
    const query = '?intent=link'
    for (let i = 0; i < 300; i++) await t.call('GET', START + query, { from })
    expect((await t.call('GET', START, { from })).status).toBe(429)
    expect((await t.call('GET', START, { from: '127.44.0.2' })).status).toBe(302)
  })
})

describe('providers without keys', () => {
  test('are off and say so', async () => {
    const off = await startTestAppWith({})
    expect((await off.call('GET', '/v1/config')).body.oauth_providers).toEqual([])
    expect(await off.call('GET', START)).toMatchObject({
      status: 503,
      body: { code: 'oauth-not-configured' },
    })
    expect((await t.call('GET', '/v1/config')).body.oauth_providers).toEqual(['google', 'microsoft'])
  })
})

describe('where registering may not say whether an address is known', () => {
  test('an unproved mailbox comes in by its mail, known or not', async () => {
    const strict = await startOauthAppWith({ REGISTRATION_PRIVACY: 'strict' })
    const known = atGoogle(strict)
    await comeBy(strict.browser(), 'google', known)
    const stranger = atMicrosoft(strict, { xms_edov: false })
    const impostor = atMicrosoft(strict, { email: known.email, xms_edov: false })
    const pages = []
    for (const person of [stranger, impostor]) {
      const browser = strict.browser()
      const { url, status } = await comeBy(browser, 'microsoft', person)
      pages.push({ url, status })
      expect(await isSignedIn(strict, browser)).toBe(false)
    }
    expect(pages[1]).toEqual(pages[0])
    expect((await strict.mailsTo(known.email))[0]?.subject).toContain('already have')

    const token = await mailedToken(strict, stranger.email)
    const verified = await strict.call('POST', '/v1/auth/email/verify', { body: { token } })
    expect(verified.body.tokens.user).toMatchObject({ email: stranger.email, email_verified: true })
    const browser = strict.browser()
    await comeBy(browser, 'microsoft', stranger)
    expect((await tokensOf(strict, browser)).user.email).toBe(stranger.email)

    // A link that opens nothing changes nothing about that.
    const outcomes = []
    for (const email of [newAddress(), known.email]) {
      const person = atMicrosoft(strict, { email, xms_edov: false })
      outcomes.push(errorOf(await comeBy(strict.browser(), 'microsoft', person, { invite_token: 'made-up' })))
    }
    expect(outcomes).toEqual(['token-unknown', 'token-unknown'])
  })
})

describe('a user without a password', () => {
  test('is told by sign-in, by mail and by reset links what they sign in with', async () => {
    const person = atGoogle(t)
    await comeBy(t.browser(), 'google', person)
    expect(await signIn(t, person.email)).toMatchObject({
      status: 409,
      body: { code: 'use-oauth-provider', providers: ['google'] },
    })
    const forgot = { body: { email: person.email }, from: '127.45.0.1' }
    expect((await t.call('POST', '/v1/auth/password/forgot', forgot)).status).toBe(202)
    const [mail] = await t.mailsTo(person.email)
    expect(mail?.text).toContain('Google')
    expect(mail?.links.join()).not.toContain('token')
  })

  test('whose address was somebody’s who asked for a reset link is told by that link', async () => {
    const { email } = await register(t)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from: '127.45.0.2' })
    const token = await mailedToken(t, email)
    await comeBy(t.browser(), 'google', atGoogle(t, { email }))
    const body = { token, password: 'quite another staple battery' }
    expect(await t.call('POST', '/v1/auth/password/reset', { body })).toMatchObject({
      status: 409,
      body: { code: 'use-oauth-provider', providers: ['google'] },
    })
  })
})

test('a verified user with a password who comes by Google keeps the password', async () => {
  const { email } = await registerVerified(t)
  await comeBy(t.browser(), 'google', atGoogle(t, { email }))
  expect((await signIn(t, email, PASSWORD)).status).toBe(200)
})

test('an answer is taken once, by the browser that asked for it', async () => {
  const browser = t.browser()
  const answer = await answerOf(browser, 'google', atGoogle(t))
  await browser.open(answer.href)
  expect(await isSignedIn(t, browser)).toBe(true)
  expect(errorOf(await browser.open(answer.href))).toBe('oauth-failed')
})
