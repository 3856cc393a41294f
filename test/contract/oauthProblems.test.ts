import { afterAll, beforeAll, test } from 'vitest'
import { type OauthApp, startOauthApp, startOauthAppWith } from '../support/oauthApp.ts'
import { answerOf, atGoogle, atMicrosoft, comeBy, cookiesOf, tokensOf } from '../support/oauthPeople.ts'
import { startTestAppWith } from '../support/testApp.ts'
import { expectProblem, metWithProviders, type Refusal } from './refusals.ts'

let t: OauthApp
beforeAll(async () => {
  t = await startOauthApp({ GOOGLE_HOSTED_DOMAINS: 'customer.example' })
})
afterAll(() => t?.close())

const START = '/v1/auth/oauth/google/start'

/** Has a person's browser bring back the answer of a provider, as a client would that reads JSON. */
async function bring(
  provider: 'google' | 'microsoft',
  person: Parameters<typeof comeBy>[2],
  browser = t.browser(),
  query: Record<string, string> = {},
): Promise<Refusal> {
  const { pathname, search } = await answerOf(browser, provider, person, query)
  return t.call('GET', pathname + search, {
    cookies: cookiesOf(browser),
    headers: { accept: 'application/json' },
  })
}

/** For each code the least that makes somebody meet it. */
const scenarios: Record<(typeof metWithProviders)[number], () => Promise<Refusal>> = {
  async 'oauth-failed'() {
    t.google.faults.add({ kind: 'wrong-nonce', times: 1 })
    return bring('google', atGoogle(t))
  },
  async 'oauth-canceled'() {
    t.google.faults.add({ kind: 'refused', times: 1 })
    return bring('google', atGoogle(t))
  },
  'oauth-not-allowed': () => bring('google', atGoogle(t, { hd: 'other.example' })),
  async 'oauth-not-configured'() {
    return (await startTestAppWith({}, { work: false })).call('GET', START)
  },
  async 'oauth-unavailable'() {
    const fresh = await startOauthAppWith({}, { work: false })
    fresh.google.faults.add({ kind: 'down', times: 1 })
    return fresh.call('GET', START)
  },
  async 'oauth-email-missing'() {
    const { oid, tid } = atMicrosoft(t)
    const nameless = { oid, tid }
    t.microsoft.people.put(nameless)
    return bring('microsoft', nameless)
  },
  async 'identity-already-linked'() {
    const person = atGoogle(t)
    await comeBy(t.browser(), 'google', person)
    const browser = t.browser()
    await comeBy(browser, 'microsoft', atMicrosoft(t))
    return bring('google', person, browser, { intent: 'link' })
  },
  async 'last-sign-in-method'() {
    const browser = t.browser()
    await comeBy(browser, 'google', atGoogle(t))
    const { access_token: as } = await tokensOf(t, browser)
    const { body } = await t.call('GET', '/v1/me/identities', { as })
    return t.call('DELETE', `/v1/me/identities/${body.data[0].id}`, { as })
  },
}

test.each(metWithProviders)('%s: somebody meets it, in the words of RFC 9457', async (code) => {
  expectProblem(code, await scenarios[code]())
})
