import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { FaultKind } from '../../sandbox/oidc/faults.ts'
import { CONSUMERS } from '../../sandbox/oidc/microsoft.ts'
import type { ProviderName } from '../../src/oidc/rules.ts'
import { en } from '../../web/words/en.ts'
import { operations } from '../contract/operations.ts'
import { type OauthApp, startOauthApp, startOauthAppWith } from '../support/oauthApp.ts'
import {
  answerOf,
  atGoogle,
  atMicrosoft,
  comeBy,
  cookiesOf,
  DIRECTORY,
  errorOf,
  isSignedIn,
  tokensOf,
} from '../support/oauthPeople.ts'
import { operatorToken } from '../support/people.ts'

const OTHER_DIRECTORY = 'ffffffff-52a0-4b6e-9d51-0c2f5a8e7b02'
const TEN_MINUTES = 600

let t: OauthApp
beforeAll(async () => {
  t = await startOauthApp()
})
afterAll(() => t?.close())
beforeEach(() => {
  t.google.faults.clear()
  t.microsoft.faults.clear()
})

const personAt = { google: () => atGoogle(t), microsoft: () => atMicrosoft(t) }

describe('a token or an answer that does not fit', () => {
  test.each<[ProviderName, FaultKind]>([
    ['google', 'wrong-issuer'],
    ['google', 'wrong-nonce'],
    ['google', 'wrong-audience'],
    ['google', 'expired'],
    ['google', 'foreign-signature'],
    ['google', 'unsigned'],
    ['google', 'swapped-iss'],
    ['google', 'missing-iss'],
    ['google', 'replayed-code'],
    ['microsoft', 'wrong-issuer'],
    ['microsoft', 'wrong-nonce'],
    ['microsoft', 'foreign-signature'],
    ['microsoft', 'foreign-key'],
    ['microsoft', 'swapped-iss'],
  ])('%s: %s', async (provider, kind) => {
    const browser = t.browser()
    const person = personAt[provider]()
    t[provider].faults.add({ kind, times: 1 })
    const page = await comeBy(browser, provider, person, { return_to: '/billing', invite_token: 'an-invite' })
    expect(errorOf(page)).toBe('oauth-failed')
    expect(await isSignedIn(t, browser)).toBe(false)
    // Nothing is lost: the page that says so takes it up again.
    const told = new URL(page.url)
    expect(told.pathname).toBe('/sign-in')
    expect(Object.fromEntries(told.searchParams)).toMatchObject({
      provider,
      return_to: '/billing',
      invite_token: 'an-invite',
    })
    await comeBy(browser, provider, person, { return_to: '/billing' })
    expect((await tokensOf(t, browser)).user.email).toBe(person.email)
  })

  test('is written to the trail and the log, without a word of the person’s', async () => {
    const person = atGoogle(t)
    t.google.faults.add({ kind: 'wrong-nonce', times: 1 })
    t.logged.length = 0
    await comeBy(t.browser(), 'google', person)
    const { body } = await t.call('GET', '/v1/operator/audit?limit=1&action=oauth.refused', {
      as: await operatorToken(t),
    })
    expect(body.data[0].details).toEqual({ provider: 'google', intent: 'sign-in', code: 'oauth-failed' })
    const logged = t.logged.join('')
    expect(logged).toContain('sign-in with a provider failed')
    for (const secret of [person.email, person.sub, person.name ?? '']) expect(logged).not.toContain(secret)
    expect(logged).not.toMatch(/[?&](code|state)=/)
  })
})

describe('an answer', () => {
  test('with another state, or none, is refused', async () => {
    const browser = t.browser()
    const answer = await answerOf(browser, 'google', atGoogle(t))
    for (const state of ['x'.repeat(43), '']) {
      const changed = new URL(answer)
      changed.searchParams.set('state', state)
      expect(errorOf(await browser.open(changed.href))).toBe('oauth-failed')
    }
    expect(await isSignedIn(t, browser)).toBe(false)
  })

  test('brought to another browser signs nobody in there, and still works where it belongs', async () => {
    const attacker = t.browser()
    const answer = await answerOf(attacker, 'google', atGoogle(t))
    const victim = t.browser()
    expect(errorOf(await victim.open(answer.href))).toBe('oauth-failed')
    // Also where the victim is on the way to a provider themselves.
    await answerOf(victim, 'google', atGoogle(t))
    expect(errorOf(await victim.open(answer.href))).toBe('oauth-failed')
    expect(await isSignedIn(t, victim)).toBe(false)
    await attacker.open(answer.href)
    expect(await isSignedIn(t, attacker)).toBe(true)
  })

  test('of one provider is none of the other', async () => {
    const browser = t.browser()
    const answer = await answerOf(browser, 'google', atGoogle(t))
    const swapped = answer.href.replace('/google/', '/microsoft/')
    expect(errorOf(await browser.open(swapped))).toBe('oauth-failed')
    await browser.open(answer.href)
    expect(await isSignedIn(t, browser)).toBe(true)
  })

  test('whose code belongs to another flow is refused', async () => {
    const browser = t.browser()
    const [mine, stolen] = [
      await answerOf(browser, 'google', atGoogle(t)),
      await answerOf(t.browser(), 'google', atGoogle(t)),
    ]
    mine.searchParams.set('code', stolen.searchParams.get('code') ?? '')
    expect(errorOf(await browser.open(mine.href))).toBe('oauth-failed')
    expect(await isSignedIn(t, browser)).toBe(false)
  })

  test('of two tabs each is taken', async () => {
    const browser = t.browser()
    const [first, second] = [
      await answerOf(browser, 'google', atGoogle(t), { return_to: '/billing?tab=1' }),
      await answerOf(browser, 'google', atGoogle(t), { return_to: '/billing?tab=2' }),
    ]
    expect((await browser.open(second.href)).url).toContain('tab=2')
    expect((await browser.open(first.href)).url).toContain('tab=1')
  })

  test('that took longer than ten minutes is refused, and remembers where to go on', async () => {
    const browser = t.browser()
    const answer = await answerOf(browser, 'google', atGoogle(t), { return_to: '/billing' })
    t.moveClock(TEN_MINUTES)
    const page = await browser.open(answer.href)
    expect(errorOf(page)).toBe('oauth-failed')
    expect(new URL(page.url).searchParams.get('return_to')).toBe('/billing')
  })

  test('that belongs to no flow leaves nothing in the trail: anybody could fill it', async () => {
    const { pool } = t.app
    const count = async () => (await pool.query('select from audit_log')).rows.length
    const before = await count()
    await t.call('GET', '/v1/auth/oauth/google/callback?code=x&state=y')
    expect(await count()).toBe(before)
    const browser = t.browser()
    const answer = await answerOf(browser, 'google', atGoogle(t))
    await browser.open(answer.href)
    const after = await count()
    await browser.open(answer.href)
    expect(await count()).toBe(after)
  })

  test('to a client that reads JSON is a problem', async () => {
    const reply = await t.call('GET', '/v1/auth/oauth/google/callback?code=x&state=y', {
      headers: { accept: 'application/json' },
    })
    expect(reply).toMatchObject({ status: 400, body: { code: 'oauth-failed' } })
  })

  test('puts no token into an address', async () => {
    const browser = t.browser()
    const page = await comeBy(browser, 'google', atGoogle(t))
    const { frontgate_session: session } = cookiesOf(browser)
    expect(session).toMatch(/^fgr_/)
    expect(page.hops.join(' ')).not.toContain('fgr_')
    expect(page.hops.join(' ')).not.toContain('eyJ')
  })
})

describe('a person who does not agree', () => {
  test.each<[ProviderName]>([['google'], ['microsoft']])(
    '%s: is told, and can try again',
    async (provider) => {
      const browser = t.browser()
      const person = personAt[provider]()
      t[provider].faults.add({ kind: 'refused', times: 1 })
      const page = await comeBy(browser, provider, person, { return_to: '/billing' })
      expect(errorOf(page)).toBe('oauth-canceled')
      expect((await comeBy(browser, provider, person, { return_to: '/billing' })).url).toMatch(/\/billing$/)
    },
  )
})

describe('a provider that is down', () => {
  test.each<[FaultKind]>([['down'], ['unreachable']])(
    'before the way there (%s): a page that says so',
    async (kind) => {
      // Nothing of what the provider is like is known yet.
      const fresh = await startOauthAppWith()
      fresh.google.faults.add({ kind, times: 1 })
      const browser = fresh.browser()
      const person = atGoogle(fresh)
      const page = await comeBy(browser, 'google', person, {
        return_to: '/billing',
        invite_token: 'an-invite',
      })
      expect(page).toMatchObject({ status: 200, text: expect.stringContaining('<div id="root">') })
      expect(Object.fromEntries(new URL(page.url).searchParams)).toEqual({
        error: 'oauth-unavailable',
        provider: 'google',
        return_to: '/billing',
        invite_token: 'an-invite',
      })
      fresh.google.faults.add({ kind, times: 1 })
      expect(await fresh.call('GET', '/v1/auth/oauth/google/start')).toMatchObject({
        status: 503,
        headers: { 'retry-after': '5' },
        body: { code: 'oauth-unavailable' },
      })
      // As soon as it is back it is asked again, and the other one was there all the time.
      await comeBy(browser, 'google', person)
      expect((await tokensOf(fresh, browser)).user.email).toBe(person.email)
      await comeBy(fresh.browser(), 'microsoft', atMicrosoft(fresh))
    },
  )

  test.each<[FaultKind]>([['down'], ['unreachable'], ['server-error']])(
    'on the way back (%s): nothing is made, and the next try works',
    async (kind) => {
      const browser = t.browser()
      const person = atMicrosoft(t)
      if (kind === 'server-error') t.microsoft.faults.add({ kind, times: 1 })
      const answer = await answerOf(browser, 'microsoft', person, { return_to: '/billing' })
      if (kind !== 'server-error') t.microsoft.faults.add({ kind, times: 1 })
      const page = await browser.open(answer.href)
      expect(errorOf(page)).toBe('oauth-unavailable')
      expect(await isSignedIn(t, browser)).toBe(false)
      await comeBy(browser, 'microsoft', person)
      expect((await tokensOf(t, browser)).user.email).toBe(person.email)
    },
  )
})

test('every refusal on the way has words for people', () => {
  const refusals = operations
    .filter(({ operationId }) => /^(start|finish)With/.test(operationId))
    .flatMap(({ refusals }) => refusals)
  // What does not fit the contract is for whoever wrote the link.
  const told = new Set(refusals.filter((code) => code !== 'invalid-request'))
  expect([...told].filter((code) => !Object.hasOwn(en.visitor.faults, code))).toEqual([])
})

describe('who may come in at all', () => {
  test('only people of the listed Google domains, by what Google says', async () => {
    const limited = await startOauthAppWith({ GOOGLE_HOSTED_DOMAINS: 'customer.example' })
    const outsiders = [
      atGoogle(limited, { hd: undefined }),
      atGoogle(limited, { hd: 'other.example' }),
      atGoogle(limited, { email: `${randomUUID()}@gmail.com`, hd: undefined }),
    ]
    for (const person of outsiders)
      expect(errorOf(await comeBy(limited.browser(), 'google', person))).toBe('oauth-not-allowed')
    const page = await comeBy(limited.browser(), 'google', atGoogle(limited))
    expect(errorOf(page)).toBeNull()
  })

  test.each([
    ['one directory, asked of another one', { MICROSOFT_TENANT: OTHER_DIRECTORY }, DIRECTORY, 'refused'],
    ['one directory, asked of its own', { MICROSOFT_TENANT: DIRECTORY }, DIRECTORY, 'let in'],
    ['companies, asked of a personal account', { MICROSOFT_TENANT: 'organizations' }, CONSUMERS, 'refused'],
    [
      'listed directories, asked of another',
      { MICROSOFT_ALLOWED_TENANTS: OTHER_DIRECTORY },
      DIRECTORY,
      'refused',
    ],
    [
      'listed directories, asked of one',
      { MICROSOFT_ALLOWED_TENANTS: DIRECTORY.toUpperCase() },
      DIRECTORY,
      'let in',
    ],
    ['everybody, asked of a personal account', {}, CONSUMERS, 'let in'],
  ])('%s: %4$s', async (_what, settings, tid, outcome) => {
    const limited = await startOauthAppWith(settings)
    const browser = limited.browser()
    const page = await comeBy(browser, 'microsoft', atMicrosoft(limited, { tid }))
    expect(errorOf(page) === null ? 'let in' : 'refused').toBe(outcome)
    expect(await isSignedIn(limited, browser)).toBe(outcome === 'let in')
  })
})
