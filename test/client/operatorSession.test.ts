import { createOperatorClient, FrontgateProblem, FrontgateUnreachable, unwrap } from '@frontgate/client'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { listen } from '../http/wire.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { newOperator, operatorLink, protectedOperator, totpCode } from '../support/operators.ts'
import { Tabs } from '../support/tabs.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

const TEN_MINUTES = 600
const HOUR = 3600
const REFRESH = '/v1/operator/auth/refresh'

let t: TestApp
let url: string
beforeAll(async () => {
  t = await startTestApp()
  url = await listen(t)
})
afterAll(() => t.close())
afterEach(() => void vi.useRealTimers())

const open = (browser: Tabs) => createOperatorClient({ url, fetch: browser.fetch })
const catalogue = (client: ReturnType<typeof open>) => client.api.GET('/v1/operator/catalogue')

/** An operator who has signed in, in a browser of their own. */
async function signedIn() {
  const browser = new Tabs(url)
  const client = open(browser)
  const email = await newOperator(t)
  await client.signIn(await operatorLink(t, email))
  return { browser, client, email }
}

describe('a page of operators', () => {
  test('asks for a link and signs in with it; the token is nowhere but in memory', async () => {
    const untouched = new Proxy({}, { get: (_target, name) => expect.unreachable(`storage.${String(name)}`) })
    for (const storage of ['localStorage', 'sessionStorage', 'indexedDB']) vi.stubGlobal(storage, untouched)
    const browser = new Tabs(url)
    const client = open(browser)
    const heard = vi.fn()
    client.subscribe(heard)
    expect(client.session).toEqual({ status: 'loading', operator: null, hasToSetUp: false, problem: null })
    expect(await client.ready()).toMatchObject({ status: 'signed-out', operator: null })
    const email = await newOperator(t)
    expect(await client.askForLink(email)).toBeUndefined()
    await expect(client.askForLink(email)).rejects.toMatchObject({ code: 'too-many-requests' })
    const token = await tokenFor(t, '/operator/sign-in', email)
    expect(await client.signIn(token)).toMatchObject({ status: 'signed-in', operator: { email } })
    expect(heard).toHaveBeenCalledTimes(2)
    expect(unwrap(await catalogue(client)).plans.length).toBeGreaterThan(1)
    expect(browser.cookies.list().map(({ name }) => name)).toEqual(['frontgate_operator'])
    const error = await client.signIn(token).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(FrontgateProblem)
    expect(error).toMatchObject({ code: 'token-used', status: 410 })
    expect(client.session.operator?.email).toBe(email)
  })

  test('goes on with a second factor where the operator has one, and tells who has to set one up', async () => {
    const strict = await startTestAppWith({ OPERATORS_NEED_SECOND_FACTOR: 'true' })
    const at = await listen(strict)
    const client = createOperatorClient({ url: at, fetch: new Tabs(at).fetch })
    const { email, recoveryCodes } = await protectedOperator(strict)
    const asked = await client.signIn(await operatorLink(strict, email)).catch((thrown: unknown) => thrown)
    expect(asked).toMatchObject({
      code: 'second-factor-required',
      members: { methods: ['totp', 'recovery-code'] },
    })
    expect(client.session.operator).toBeNull()
    const { challenge } = (asked as FrontgateProblem).members
    const wrong = client.proveFactor(String(challenge), { code: '000000' })
    await expect(wrong).rejects.toMatchObject({ code: 'wrong-second-factor' })
    const session = await client.proveFactor(String(challenge), { recovery_code: recoveryCodes[0] ?? '' })
    expect(session).toMatchObject({
      status: 'signed-in',
      operator: { email, role: 'admin' },
      hasToSetUp: false,
    })

    const other = createOperatorClient({ url: at, fetch: new Tabs(at).fetch })
    expect((await other.signIn(await operatorLink(strict))).hasToSetUp).toBe(true)
    expect((await catalogue(other)).response.status).toBe(403)
    const { data } = await other.api.POST('/v1/operator/auth/factors/totp', { body: {} })
    const body = { code: totpCode(strict, data?.secret ?? '') }
    await other.api.POST('/v1/operator/auth/factors/totp/confirm', { body })
    expect((await other.refresh()).hasToSetUp).toBe(false)
  })

  test('that is loaded again goes on by the cookie, with one refresh for all calls', async () => {
    const { browser, email } = await signedIn()
    browser.asked.length = 0
    const again = open(browser)
    await Promise.all([catalogue(again), catalogue(again), again.ready()])
    expect(again.session.operator?.email).toBe(email)
    expect(browser.asked.filter((call) => call === `POST ${REFRESH}`)).toHaveLength(1)
    for (const { response } of [await catalogue(again), await catalogue(again)])
      expect(response.ok).toBe(true)
    expect(browser.asked.filter((call) => call === `POST ${REFRESH}`)).toHaveLength(1)
  })

  test('whose token has run out gets another one, and makes the call again', async () => {
    const { browser, client } = await signedIn()
    t.moveClock(TEN_MINUTES + 1)
    const replies = await Promise.all([catalogue(client), catalogue(client)])
    expect(replies.map(({ response }) => response.status)).toEqual([200, 200])
    expect(browser.asked.filter((call) => call === `POST ${REFRESH}`)).toHaveLength(1)
  })

  test('knows that nobody is signed in when the twelve hours are over', async () => {
    const { client } = await signedIn()
    t.moveClock(12 * HOUR)
    expect((await catalogue(client)).response.status).toBe(401)
    expect(client.session).toMatchObject({ status: 'signed-out', operator: null })
  })

  test('signs out, and another tab finds out with its next call', async () => {
    const { browser, client } = await signedIn()
    const other = open(browser)
    expect((await other.ready()).status).toBe('signed-in')
    await client.signOut()
    expect(client.session.status).toBe('signed-out')
    expect((await catalogue(client)).response.status).toBe(401)
    expect((await catalogue(other)).response.status).toBe(401)
    expect(other.session.status).toBe('signed-out')
    expect(browser.cookies.list()).toEqual([])
  })

  test('stays signed in, and says why, where the service does not answer', async () => {
    const { browser, client, email } = await signedIn()
    browser.road.go = () => {
      throw new TypeError('fetch failed')
    }
    await expect(client.signOut()).rejects.toBeInstanceOf(FrontgateUnreachable)
    expect(client.session.status).toBe('signed-in')
    const fresh = open(browser)
    expect(await fresh.ready()).toMatchObject({
      status: 'loading',
      problem: expect.any(FrontgateUnreachable),
    })
    browser.road = {}
    expect(await fresh.ready()).toMatchObject({ status: 'signed-in', operator: { email }, problem: null })
  })
})
