import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bill, buyer, stateOf, subscriptionOf } from '../support/buyers.ts'
import { setCookies } from '../support/cookies.ts'
import { invited, registerInvited } from '../support/invites.ts'
import { sendLead } from '../support/leads.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { newNetwork } from '../support/networks.ts'
import {
  type OauthApp,
  providerSettings,
  type ServedProviders,
  serveProviders,
  withProvidersAt,
} from '../support/oauthApp.ts'
import { atGoogle, atMicrosoft, comeBy, errorOf, isSignedIn, tokensOf } from '../support/oauthPeople.ts'
import { newAddress, operatorToken, PASSWORD, type Person, signIn } from '../support/people.ts'
import { type Replica, startReplica } from '../support/replica.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'
import type { TestReply } from '../support/testApp.ts'

const SALES_URL = 'http://localhost:4000/talk-to-sales'

let served: ServedProviders
let t: StripeApp & OauthApp
let operator: string
/** Who came while everybody could. */
let owner: Person
let knownAtGoogle: ReturnType<typeof atGoogle>

beforeAll(async () => {
  served = await serveProviders()
  const { fetch } = served.providers
  const settings = { ...providerSettings, SALES_EMAIL: 'sales@gate.example' }
  t = withProvidersAt(await startStripeApp(settings, { fetch }), served)
  operator = await operatorToken(t)
  owner = await buyer(t, { plan: 'team', seats: 10 })
  knownAtGoogle = atGoogle(t)
  await comeBy(t.browser(), 'google', knownAtGoogle)
  Object.assign(t.app.config, { selfServeEnabled: false })
})
afterAll(async () => {
  await t?.close()
})

function open(domains: string[], share: number): Promise<TestReply> {
  const body = { domains, share, reason: 'The first ones' }
  return t.call('PUT', '/v1/operator/self-serve', { as: operator, body })
}

const registering = (email: string, cookies: Record<string, string> = {}) =>
  t.call('POST', '/v1/auth/register', {
    body: { email, password: PASSWORD, token_delivery: 'body' },
    cookies,
  })

async function strictly<T>(work: () => Promise<T>): Promise<T> {
  Object.assign(t.app.config, { registrationPrivacy: 'strict' })
  try {
    return await work()
  } finally {
    Object.assign(t.app.config, { registrationPrivacy: 'open' })
  }
}

function expectRefused(reply: TestReply): void {
  expect(reply.status, reply.text).toBe(403)
  expect(reply.body).toMatchObject({ code: 'self-serve-disabled', sales_url: SALES_URL })
}

async function countAll(): Promise<object[]> {
  await t.settled()
  const { rows } = await t.app.pool.query(
    'select (select count(*) from users) users, (select count(*) from accounts) accounts',
  )
  return rows
}

describe('while SELF_SERVE_ENABLED is off', () => {
  test('nobody gets an account on any path, and everybody is shown the way to sales', async () => {
    const before = await countAll()
    expectRefused(await registering(newAddress()))
    // Whether somebody is known is not said.
    expectRefused(await registering(owner.email))
    await strictly(async () => expectRefused(await registering(newAddress())))
    expectRefused(
      await t.call('POST', '/v1/accounts', { as: (await fresh()).accessToken, body: { name: 'Two' } }),
    )
    const page = await comeBy(t.browser(), 'google', atGoogle(t))
    expect(errorOf(page)).toBe('self-serve-disabled')
    expect(configIn(page.text)).toMatchObject({ self_serve_enabled: false, sales_url: SALES_URL })
    const unvouched = () => atMicrosoft(t, { xms_edov: undefined })
    expect(errorOf(await comeBy(t.browser(), 'microsoft', unvouched()))).toBe('self-serve-disabled')
    await strictly(async () =>
      expect(errorOf(await comeBy(t.browser(), 'microsoft', unvouched()))).toBe('self-serve-disabled'),
    )
    expect(await countAll()).toEqual(before)

    const signInPage = await t.call('GET', '/sign-in')
    expect(configIn(signInPage.text)).toMatchObject({ self_serve_enabled: false, sales_url: SALES_URL })
    expect(signInPage.text).not.toContain('sign you up')
    expect((await t.call('GET', '/v1/config')).body).toMatchObject({
      self_serve_enabled: false,
      sales_url: SALES_URL,
    })
    expect((await sendLead(t)).status).toBe(202)
    expect((await t.mailsTo('sales@gate.example')).length).toBe(1)
  })

  test('whoever is in signs in, by password and by provider, refreshes and recovers', async () => {
    const { refreshToken } = await fresh()
    const refreshed = await t.call('POST', '/v1/auth/refresh', { body: { refresh_token: refreshToken } })
    expect(refreshed.status).toBe(200)
    const browser = t.browser()
    expect(errorOf(await comeBy(browser, 'google', knownAtGoogle))).toBeNull()
    expect((await tokensOf(t, browser)).user.email).toBe(knownAtGoogle.email)
    const { email } = owner
    const forgot = await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from: newNetwork() })
    expect(forgot.status).toBe(202)
    const body = { token: await tokenFor(t, '/reset-password', email), password: PASSWORD }
    expect((await t.call('POST', '/v1/auth/password/reset', { body })).status).toBe(204)
    expect((await signIn(t, email)).status).toBe(200)
  })

  test('whoever is invited comes in, by password and by provider', async () => {
    const [byPassword, byGoogle] = [newAddress('invitee'), newAddress('invitee')]
    const offered = async (email: string) => (await invited(t, await fresh(), email)).token
    const joined = await registerInvited(t, byPassword, await offered(byPassword))
    expect([joined.status, joined.body.account.id]).toEqual([201, owner.accountId])
    const browser = t.browser()
    const person = atGoogle(t, { email: byGoogle })
    expect(
      errorOf(await comeBy(browser, 'google', person, { invite_token: await offered(byGoogle) })),
    ).toBeNull()
    expect((await tokensOf(t, browser)).account.id).toBe(owner.accountId)
  })

  test('billing goes on: the portal opens, and what Stripe tells is followed', async () => {
    await fresh()
    expect((await bill(t, owner, 'portal-session')).status).toBe(201)
    const { id } = await subscriptionOf(t, owner)
    await t.sdk.subscriptions.update(id, { cancel_at_period_end: true })
    await t.flush()
    expect((await stateOf(t, owner)).subscription.cancel_at_period_end).toBe(true)
  })
})

describe('domains', () => {
  test('their people come in on every path, at every process at once', async () => {
    expect((await open([' Early.example ', 'bücher.example', 'EARLY.example'], 0)).body).toEqual({
      enabled: false,
      domains: ['early.example', 'xn--bcher-kva.example'],
      share: 0,
    })
    const { post } = await startReplica(t, { SELF_SERVE_ENABLED: 'false' })
    const elsewhere = await post('/v1/auth/register', { email: 'a@early.example', password: PASSWORD })
    expect(elsewhere.status).toBe(201)
    const entered = await registering('Ada@EARLY.example')
    expect(entered.status).toBe(201)
    // It is an opening and no proof: the mailbox is verified like any other.
    expect(entered.body.user.email_verified).toBe(false)
    expect((await registering('ada@bücher.example')).status).toBe(201)
    await strictly(async () => {
      expect((await registering('strict@early.example')).status).toBe(202)
      const person = atMicrosoft(t, { email: 'unvouched@early.example', xms_edov: undefined })
      const page = await comeBy(t.browser(), 'microsoft', person)
      expect(new URL(page.url).searchParams.get('notice')).toBe('check-mail')
    })
    expect(await t.mailsTo('strict@early.example')).toHaveLength(1)
    const browser = t.browser()
    expect(errorOf(await comeBy(browser, 'google', atGoogle(t, { email: 'g@early.example' })))).toBeNull()
    expect(await isSignedIn(t, browser)).toBe(true)
    const as = entered.body.access_token
    expect((await t.call('POST', '/v1/accounts', { as, body: { name: 'Two' } })).status).toBe(201)
  })

  test('nobody else does, also not from below them', async () => {
    await open(['early.example'], 0)
    for (const email of ['a@eu.early.example', 'a@notearly.example', 'early.example@customer.example'])
      expectRefused(await registering(email))
    expect(errorOf(await comeBy(t.browser(), 'google', atGoogle(t)))).toBe('self-serve-disabled')
    await open([], 0)
    expectRefused(await registering('late@early.example'))
  })
})

describe('a share of visitors', () => {
  /** Marks browsers until there is one inside the share and one outside. */
  async function findVisitors(): Promise<Record<'inside' | 'outside', Record<string, string>>> {
    const found: Partial<Record<'inside' | 'outside', Record<string, string>>> = {}
    for (let tries = 0; tries < 200 && !(found.inside && found.outside); tries++) {
      const { body, cookies } = await t.call('GET', '/v1/config')
      found[body.self_serve_enabled ? 'inside' : 'outside'] = cookies
    }
    const { inside, outside } = found
    if (!inside || !outside) throw new Error('Of 200 visitors none was on one side')
    return { inside, outside }
  }

  test('whoever is in it creates accounts on every path, and others do not', async () => {
    await open([], 50)
    const { inside, outside } = await findVisitors()
    const isOpen = async (cookies: Record<string, string>) =>
      (await t.call('GET', '/v1/config', { cookies })).body.self_serve_enabled
    expect([await isOpen(inside), await isOpen(outside)]).toEqual([true, false])

    const entered = await registering(newAddress(), inside)
    expect(entered.status).toBe(201)
    for (const cookies of [outside, {}, { frontgate_visitor: 'x' }])
      expectRefused(await registering(newAddress(), cookies))
    const create = (cookies: Record<string, string>) =>
      t.call('POST', '/v1/accounts', { as: entered.body.access_token, body: { name: 'Two' }, cookies })
    expect((await create(inside)).status).toBe(201)
    expectRefused(await create(outside))
    expect([await comesInWith(inside), await comesInWith(outside)]).toEqual([true, false])
    await strictly(async () => expect((await registering(newAddress(), inside)).status).toBe(202))

    // A larger share keeps those who are in; a smaller one may not.
    await open([], 99)
    expect(await isOpen(inside)).toBe(true)
    await open([], 0)
    expect([await isOpen(inside), (await registering(newAddress(), inside)).status]).toEqual([false, 403])
  })

  async function comesInWith(cookies: Record<string, string>): Promise<boolean> {
    const browser = t.browser()
    const lines = Object.entries(cookies).map(([name, value]) => `${name}=${value}; Path=/`)
    browser.cookies.take(new URL(t.app.config.publicUrl), lines)
    await comeBy(browser, 'google', atGoogle(t))
    return isSignedIn(t, browser)
  }

  test('a share of a hundred lets in everybody, marked or not', async () => {
    await open([], 100)
    expect((await registering(newAddress())).status).toBe(201)
    const config = await t.call('GET', '/v1/config')
    expect([config.body.self_serve_enabled, setCookies(config)]).toEqual([true, {}])
    expect(configIn((await t.call('GET', '/sign-in')).text).self_serve_enabled).toBe(true)
  })

  test('browsers are marked only while it matters, once, and for no script to read', async () => {
    await open(['early.example'], 0)
    for (const path of ['/v1/config', '/sign-in']) expect(setCookies(await t.call('GET', path))).toEqual({})
    await open([], 1)
    for (const path of ['/v1/config', '/sign-in']) {
      const marked = await t.call('GET', path)
      const { value, attributes } = setCookies(marked).frontgate_visitor ?? {}
      expect(value).toMatch(/^[\w-]{22}$/)
      expect(attributes).toEqual(expect.arrayContaining(['path=/', 'httponly', 'samesite=lax']))
      const expires = Date.parse(String(attributes?.find((one) => one.startsWith('expires='))?.slice(8)))
      expect(expires - t.app.now().getTime()).toBeGreaterThan(364 * 86_400_000)
      expect(setCookies(await t.call('GET', path, { cookies: marked.cookies }))).toEqual({})
    }
    const https = { SELF_SERVE_ENABLED: 'false', PUBLIC_URL: 'https://gate.example' }
    const secure: Replica = await startReplica(t, https)
    const [[name, { attributes }] = ['', { attributes: [] }]] = Object.entries(
      setCookies(await secure.get('/v1/config')),
    )
    expect(name).toBe('__Host-frontgate_visitor')
    expect(attributes).toContain('secure')
    const everybody = await startReplica(t)
    expect(setCookies(await everybody.get('/v1/config'))).toEqual({})
  })

  test('every page speaks to each visitor', async () => {
    await open([], 50)
    const { inside, outside } = await findVisitors()
    for (const path of ['/sign-in', '/sign-up', '/pricing']) {
      const isOpenIn = async (cookies: Record<string, string>) =>
        configIn((await t.call('GET', path, { cookies })).text).self_serve_enabled
      expect([path, await isOpenIn(inside), await isOpenIn(outside)]).toEqual([path, true, false])
    }
  })
})

describe('what operators say', () => {
  test('replaces what was said before, and is in the trail with its reason', async () => {
    await open(['b.example', 'a.example'], 3)
    await open([], 0)
    const read = await t.call('GET', '/v1/operator/self-serve', { as: operator })
    expect(read.body).toEqual({ enabled: false, domains: [], share: 0 })
    const trail = await t.call('GET', '/v1/operator/audit?action=self-serve.set&limit=2', { as: operator })
    expect(trail.body.data.map(({ details }: { details: object }) => details)).toEqual([
      { domains: [], share: 0, reason: 'The first ones' },
      { domains: ['a.example', 'b.example'], share: 3, reason: 'The first ones' },
    ])
    const { get } = await startReplica(t)
    const everybody = await get('/v1/operator/self-serve', operator)
    expect(everybody.body).toMatchObject({ enabled: true })
  })

  test.for(['', 'early', '@early.example', 'a@early.example', '*.early.example', 'https://early.example'])(
    '422: %j is no domain',
    async (domain, { expect }) => {
      const reply = await open(['early.example', domain], 0)
      expect([reply.status, reply.body.errors?.[0].pointer]).toEqual([422, '#/domains/1'])
    },
  )

  test('SALES_URL is where people are sent, wherever it is', async () => {
    const { get, post } = await startReplica(t, {
      SELF_SERVE_ENABLED: 'false',
      SALES_URL: 'https://company.example/contact?from="gate"&x',
    })
    const refused = await post('/v1/auth/register', { email: newAddress(), password: PASSWORD })
    expect(refused.body.sales_url).toBe('https://company.example/contact?from="gate"&x')
    expect(configIn((await get('/sign-in')).text).sales_url).toBe(refused.body.sales_url)
  })
})

/** The owner, with tokens that are good: other tests end their sessions. */
async function fresh(): Promise<Person> {
  const { body } = await signIn(t, owner.email)
  Object.assign(owner, { accessToken: body.access_token, refreshToken: body.refresh_token })
  return owner
}

/** What a page says of itself to its scripts. */
function configIn(page: string): { self_serve_enabled: boolean; sales_url: string } {
  return JSON.parse(page.match(/id="config">(.*?)<\/script>/s)?.[1] ?? '{}')
}
