import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createProviders } from '../../sandbox/oidc/createProviders.ts'
import { GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, google } from '../../sandbox/oidc/google.ts'
import { CONSUMERS, MICROSOFT_CLIENT_ID, MICROSOFT_CLIENT_SECRET } from '../../sandbox/oidc/microsoft.ts'
import { People, peopleFile } from '../../sandbox/oidc/people.ts'
import { makeLog } from '../../src/http/log.ts'
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

  test('signs for personal accounts with a key of their own, and by a fault for others too', async () => {
    const margaret = await signIn('microsoft', 'margaret@hamilton.example', { directory: 'consumers' })
    expect(margaret.claims).toMatchObject({ tid: CONSUMERS })
    const shared = await signIn('microsoft', eve.oid)
    served.providers.microsoft.faults.add({ kind: 'foreign-key', times: 1 })
    const foreign = await signIn('microsoft', eve.oid)
    const answer = await served.providers.fetch(
      'https://login.microsoftonline.com/common/discovery/v2.0/keys',
    )
    const { keys } = (await answer.json()) as { keys: { kid: string; issuer: string }[] }
    const issuers = [margaret, shared, foreign].map(({ idToken }) => {
      const { kid } = JSON.parse(atob(idToken.split('.')[0] ?? ''))
      return keys.find((key) => key.kid === kid)?.issuer
    })
    expect(issuers).toEqual([
      `https://login.microsoftonline.com/${CONSUMERS}/v2.0`,
      'https://login.microsoftonline.com/{tenantid}/v2.0',
      `https://login.microsoftonline.com/${CONSUMERS}/v2.0`,
    ])
  })

  test.each([true, '1', 1, 0, '0', false])('hands xms_edov %j on as it is', async (xms_edov) => {
    served.providers.microsoft.people.put({ ...eve, xms_edov })
    expect((await signIn('microsoft', eve.email)).claims).toHaveProperty('xms_edov', xms_edov)
  })
})

describe('what is refused', () => {
  test('a request without PKCE, whose sender is told', async () => {
    const { page } = await ask('google', ada.sub, { without: ['code_challenge', 'code_challenge_method'] })
    expect(new URL(page.next ?? '').searchParams.get('error')).toBe('invalid_request')
  })

  test.each(['google', 'microsoft'] as const)('an address of nobody’s to go back to, at %s', async (name) => {
    const { page } = await ask(name, undefined, { more: { redirect_uri: 'http://localhost:4000/elsewhere' } })
    expect(page).toMatchObject({ status: 400, next: null, text: expect.stringContaining('redirect_uri') })
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
  })

  test('a code that comes again', async () => {
    const { configuration, page } = await signIn('google', ada.sub)
    await expect(redeem(configuration, page)).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  test('who must not be asked, and is not named', async () => {
    const { page } = await ask('microsoft', undefined, { prompt: 'none' })
    const { searchParams } = new URL(page.next ?? '')
    expect(Object.fromEntries(searchParams)).toMatchObject({ error: 'login_required', state: 'state' })
    expect(searchParams.has('iss')).toBe(false)
  })
})

describe('the page', () => {
  test('asks whoever is not named by a hint, each time', async () => {
    for (const hint of [undefined, 'nobody@gmail.com']) {
      const { page } = await ask('google', hint)
      expect(page).toMatchObject({ status: 200, next: null, text: expect.stringContaining(ada.email) })
      expect(page.text.includes('Nobody here is called')).toBe(hint !== undefined)
      await browser.submit({ person: ada.sub }, { stopBefore: /:4000/ })
    }
  })

  test('remembers nobody, whatever cookies a client sends back', async () => {
    await signIn('google', ada.sub)
    const sessions = browser.cookies.list().filter(({ name }) => name.startsWith('_session'))
    expect(sessions).toHaveLength(2)
    const cookie = sessions.map(({ name, value }) => `${name}=${value}`).join('; ')
    const { page } = await ask('google')
    const { next } = await browser.open(page.hops[0] ?? '', { headers: { cookie }, stopBefore: /./ })
    expect(next).toContain('/google/choose/')
  })

  test.each(['none', 'login', 'consent select_account'])(
    'is not shown for a hint, with prompt %s',
    async (prompt) => {
      expect((await signIn('microsoft', eve.oid, { prompt })).claims).toMatchObject({ oid: eve.oid })
    },
  )

  test('signs in whom one chooses, and whom one makes', async () => {
    const { configuration } = await ask('google')
    const chosen = await browser.submit({ person: ada.sub }, { stopBefore: /:4000/ })
    expect((await redeem(configuration, chosen)).claims).toMatchObject({ sub: ada.sub })
    const { configuration: again } = await ask('microsoft', undefined, { directory: 'organizations' })
    const fields = {
      email: 'new@made.example',
      preferred_username: '',
      name: '<b>New</b>',
      tid: '',
      xms_edov: 'true',
    }
    const made = await browser.submit({ ...fields, answer: 'new' }, { stopBefore: /:4000/ })
    const expected = { email: 'new@made.example', name: '<b>New</b>', xms_edov: true }
    expect((await redeem(again, made)).claims).toMatchObject(expected)
    const { page } = await ask('microsoft')
    expect(page.text).toContain('&lt;b&gt;New&lt;/b&gt;')
    expect(page.text).not.toContain('<b>New')
  })

  test('takes nobody without an address, and no form of another page', async () => {
    await ask('google')
    const posted = { email: 'none', name: '', hd: '', answer: 'new' }
    expect(await browser.submit(posted)).toMatchObject({ status: 422 })
    await ask('google')
    const elsewhere = { headers: { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' } }
    expect(await browser.submit({ person: ada.sub }, elsewhere)).toMatchObject({ status: 403 })
  })

  test('goes back with a refusal', async () => {
    const { configuration } = await ask('microsoft')
    const back = await browser.submit({ answer: 'cancel' }, { stopBefore: /:4000/ })
    await expect(redeem(configuration, back)).rejects.toMatchObject({ error: 'access_denied' })
  })
})

describe('faults', () => {
  test.each([
    ['wrong-issuer', '"iss" (issuer) claim'],
    ['wrong-nonce', '"nonce" claim'],
    ['wrong-audience', '"aud" (audience) claim'],
    ['expired', 'expiration is past'],
    ['foreign-signature', 'signature verification failed'],
    ['unsigned', '"alg" header'],
    ['swapped-iss', 'unexpected "iss"'],
    ['missing-iss', '(issuer) missing'],
    ['replayed-code', 'invalid_grant'],
    ['refused', 'access_denied'],
    ['server-error', 'server_error'],
  ] as const)('%s, once', async (kind, what) => {
    served.providers.google.faults.add({ kind, times: 1 })
    const refusal = await signIn('google', ada.sub).catch((error) => error)
    expect(wordsOf(refusal)).toContain(what)
    await expect(signIn('google', ada.sub)).resolves.toMatchObject({ claims: { sub: ada.sub } })
  })

  test('down is for browsers too, unreachable for the service', async () => {
    const { faults } = served.providers.google
    faults.add({ kind: 'down', times: 2 })
    await expect(ask('google')).rejects.toThrow('unexpected HTTP response status code')
    expect(await browser.open('https://accounts.google.com/o/oauth2/v2/auth')).toMatchObject({
      status: 503,
      text: expect.stringContaining('Google is down'),
    })
    faults.add({ kind: 'unreachable', times: 1 })
    await expect(ask('google')).rejects.toThrow('fetch failed')
    expect((await ask('google')).page.status).toBe(200)
    await expect(signIn('microsoft', eve.oid)).resolves.toBeDefined()
  })
})

describe('/control', () => {
  test('makes people, in the place of who has the same key, until they are forgotten', async () => {
    const person = { sub: 'new', email: 'new@gmail.com' }
    expect(await control('POST', 'google/people', { ...person, name: 'Old' })).toMatchObject({ status: 201 })
    expect(await control('POST', 'google/people', person)).toEqual({ status: 201, body: person })
    const { data } = (await control('GET', 'google/people')).body
    expect(data.filter(({ sub }: { sub: string }) => sub === 'new')).toEqual([person])
    expect((await signIn('google', 'new@gmail.com')).claims).not.toHaveProperty('email_verified')
    expect((await control('DELETE', 'google/people')).status).toBe(204)
    expect(JSON.stringify((await control('GET', 'google/people')).body)).not.toContain('new@gmail.com')
  })

  test('sets faults and takes them back', async () => {
    const kind = 'foreign-key'
    expect(await control('POST', 'microsoft/faults', { kind })).toEqual({
      status: 201,
      body: { data: [{ kind, times: 1 }] },
    })
    expect((await control('DELETE', 'microsoft/faults')).status).toBe(204)
    expect((await control('GET', 'microsoft/faults')).body).toEqual({ data: [] })
  })

  test.each([
    ['google/people', { email: 'ada@gmail.com' }],
    ['google/people', { sub: '1', email_verified: 'true' }],
    ['google/people', { sub: '1', xms_edov: true }],
    ['microsoft/people', { oid: eve.oid }],
    ['microsoft/people', { ...eve, xms_edov: null }],
    ['google/faults', { kind: 'foreign-key' }],
    ['microsoft/faults', { kind: 'missing-iss' }],
    ['microsoft/faults', { kind: 'down', times: 0 }],
  ])('422 at %s for %j', async (path, body) => {
    expect((await control('POST', path, body)).status).toBe(422)
  })
})

test('people are kept between runs where there is a folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'frontgate-people-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const open = () => new People(google, folder)
  open().put(ada)
  expect(open().list()).toEqual([ada, ...google.readyMade])
  open().reset()
  expect(open().list()).toEqual(google.readyMade)
  writeFileSync(peopleFile(folder, 'google'), '{')
  expect(open).toThrow('does not hold people')
})

test('what nobody plays is asked for where it is', async () => {
  const fetch = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('real'))
  onTestFinished(() => fetch.mockRestore())
  const log = makeLog({ logLevel: 'error' })
  const urls = { publicUrl: 'http://localhost:4100', serviceUrl: SERVICE }
  const providers = createProviders({ folder: null, ...urls, played: ['google'], log })
  const asked = [
    'https://login.microsoftonline.com/common/v2.0',
    'https://www.googleapis.com/oauth2/v3/certs?x=1',
  ]
  for (const address of asked) await providers.fetch(address)
  expect(fetch.mock.calls.map(([address]) => String(address))).toEqual([
    asked[0],
    'http://localhost:4100/google/oauth2/v3/certs?x=1',
  ])
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

/** What a client says of an error, down to its cause. */
function wordsOf(thrown: Error & { error?: string }): string {
  const { message, error = '', cause } = thrown
  return `${message} ${error} ${cause instanceof Error ? wordsOf(cause) : ''}`
}

async function control(method: string, path: string, body?: object) {
  const reply = await fetch(`${served.url}/control/${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await reply.text()
  return { status: reply.status, body: text ? JSON.parse(text) : null }
}

async function signIn(name: Name, hint: string, wish?: Wish) {
  const { configuration, page } = await ask(name, hint, wish)
  return { page, configuration, ...(await redeem(configuration, page)) }
}
