import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET } from '../../sandbox/oidc/google.ts'
import { CONSUMERS, MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET } from '../../sandbox/oidc/microsoft.ts'
import { Browser, type Page } from '../support/browser.ts'
import { type ServedProviders, serveProviders } from '../support/oauthApp.ts'

const SERVICE = 'http://localhost:4000'
const WORK = '6f1d7c1e-52a0-4b6e-9d51-0c2f5a8e7b01'
const ada = { sub: '42', email: 'ada@gmail.com', email_verified: true, name: 'Ada' }
const eve = { oid: 'e0e0e0e0-0000-4000-8000-000000000001', tid: WORK, email: 'eve@work.example', name: 'Eve' }
let served: ServedProviders
let browser: Browser

beforeAll(async () => {
  served = await serveProviders()
})
afterAll(() => served?.close())
beforeEach(() => {
  const { google, microsoft, addressOf } = served.providers
  for (const { people, faults } of [google, microsoft]) {
    people.reset()
    faults.clear()
  }
  google.people.put(ada)
  microsoft.people.put(eve)
  const call = () => Promise.reject(new Error('The service is not here'))
  browser = new Browser({ serviceUrl: SERVICE, call, addressOf })
})

describe('Google', () => {
  test('signs in by hint, as it does itself', async () => {
    const { answer, claims, page } = await signIn('google', ada.email.toUpperCase())
    expect(page.hops[0]).toMatch(/^https:\/\/accounts\.google\.com\/o\/oauth2\/v2\/auth\?/)
    expect(answer.searchParams.get('iss')).toBe('https://accounts.google.com')
    const now = Date.now() / 1000
    expect(claims).toEqual({
      iss: 'https://accounts.google.com',
      azp: GOOGLE_CLIENT_ID,
      aud: GOOGLE_CLIENT_ID,
      ...ada,
      nonce: 'nonce',
      iat: expect.closeTo(now, -2),
      exp: expect.closeTo(now + 3600, -2),
    })
  })
})

describe('Microsoft', () => {
  test.each([['common'], ['organizations'], [WORK]])('signs in at %s', async (directory) => {
    const { answer, claims, page } = await signIn('microsoft', eve.oid, { directory })
    expect(page.hops[0]).toContain(`https://login.microsoftonline.com/${directory}/oauth2/v2.0/authorize?`)
    expect(answer.searchParams.has('iss')).toBe(false)
    const now = Date.now() / 1000
    expect(claims).toEqual({
      aud: MICROSOFT_CLIENT_ID,
      iss: `https://login.microsoftonline.com/${WORK}/v2.0`,
      ...eve,
      nonce: 'nonce',
      sub: expect.any(String),
      ver: '2.0',
      iat: expect.closeTo(now, -2),
      nbf: expect.closeTo(now, -2),
      exp: expect.closeTo(now + 3600, -2),
    })
  })

  test('signs for personal accounts with a key of their own', async () => {
    const margaret = await signIn('microsoft', 'margaret@hamilton.example', { directory: 'consumers' })
    expect(margaret.claims).toMatchObject({ tid: CONSUMERS })
    const { idToken } = await signIn('microsoft', eve.oid)
    const keyOf = (token: string) => JSON.parse(atob(token.split('.')[0] ?? '')).kid as string
    const answer = await served.providers.fetch(
      'https://login.microsoftonline.com/common/discovery/v2.0/keys',
    )
    const { keys } = (await answer.json()) as { keys: { kid: string; issuer: string }[] }
    const issuerOf = (token: string) => keys.find(({ kid }) => kid === keyOf(token))?.issuer
    expect(issuerOf(margaret.idToken)).toBe(`https://login.microsoftonline.com/${CONSUMERS}/v2.0`)
    expect(issuerOf(idToken)).toBe('https://login.microsoftonline.com/{tenantid}/v2.0')
  })
})

type Name = 'google' | 'microsoft'

interface Wish {
  prompt?: string
  directory?: string
  more?: Record<string, string>
  without?: string[]
}

const verifier = 'v'.repeat(43)

async function ask(
  name: Name,
  hint?: string,
  { prompt, directory = 'common', more, without = [] }: Wish = {},
) {
  const { fetch } = served.providers
  const [server, id, secret] =
    name === 'google'
      ? ['https://accounts.google.com', GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET]
      : [`https://login.microsoftonline.com/${directory}/v2.0`, MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET]
  const configuration = await discovery(new URL(server), id, secret, undefined, {
    [customFetch]: fetch as never,
    execute: [enableNonRepudiationChecks],
  })
  const address = buildAuthorizationUrl(configuration, {
    redirect_uri: `${SERVICE}/v1/auth/oauth/${name}/callback`,
    scope: 'openid email profile',
    state: 'state',
    nonce: 'nonce',
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(hint && { login_hint: hint }),
    ...(prompt && { prompt }),
    ...more,
  })
  for (const each of without) address.searchParams.delete(each)
  return { configuration, page: await browser.open(address.href, { stopBefore: /:4000/ }) }
}

async function redeem(configuration: Configuration, { next }: Page) {
  const answer = new URL(next ?? '')
  const tokens = await authorizationCodeGrant(configuration, answer, {
    expectedState: 'state',
    expectedNonce: 'nonce',
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  })
  return { answer, claims: tokens.claims(), idToken: tokens.id_token ?? '' }
}

async function signIn(name: Name, hint: string, wish?: Wish) {
  const { configuration, page } = await ask(name, hint, wish)
  return { page, configuration, ...(await redeem(configuration, page)) }
}
