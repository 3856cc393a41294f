import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import {
  createClient,
  type FrontgateClient,
  FrontgateProblem,
  FrontgateUnreachable,
  SessionChanged,
  type TokenStore,
  unwrap,
} from '@frontgate/client'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sessionOperations } from '../../client/src/api/session.ts'
import { listen } from '../http/wire.ts'
import { newAddress, PASSWORD } from '../support/people.ts'
import { Tabs } from '../support/tabs.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

const TEN_MINUTES = 600
const REFRESH = '/v1/auth/refresh'

let t: TestApp
let url: string
beforeAll(async () => {
  t = await startTestApp({}, { work: false })
  url = await listen(t)
})
afterAll(() => t.close())
afterEach(() => void vi.useRealTimers())

const somebody = () => ({ email: newAddress(), password: PASSWORD })
const me = (client: FrontgateClient, signal?: AbortSignal) =>
  client.api.GET('/v1/me', signal ? { signal } : {})

/** Somebody signed in, with this many tabs that know it. */
async function signedIn(count = 1) {
  const browser = new Tabs(url)
  const credentials = somebody()
  const tabs = Array.from({ length: count }, () => browser.open())
  const [tab] = tabs as [FrontgateClient]
  await tab.register(credentials)
  for (const each of tabs) await expect.poll(() => each.session.user?.email).toBe(credentials.email)
  return { browser, tab, tabs, credentials }
}

/** Lets something happen to the next calls of a path, until it is let go. */
function hold(browser: Tabs, path: string, when: 'go' | 'comeBack' = 'comeBack') {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { promise: reached, resolve: arrive } = Promise.withResolvers<void>()
  browser.road[when] = (asked) => {
    if (asked !== path) return
    arrive()
    return promise
  }
  return {
    reached,
    release: () => {
      browser.road = {}
      resolve()
    },
  }
}

describe('a page', () => {
  test('asks nothing before it is asked, then once who is signed in', async () => {
    const browser = new Tabs(url)
    const tab = browser.open()
    tab.subscribe(() => {})
    expect(tab.session).toMatchObject({ status: 'loading', user: null })
    expect(browser.asked).toEqual([])
    const [session] = await Promise.all([tab.ready(), tab.ready()])
    expect(session).toMatchObject({ status: 'signed-out', user: null, account: null, accounts: [] })
    expect(await tab.accessToken()).toBeNull()
    expect(browser.asked).toEqual([`POST ${REFRESH}`])
  })

  test('shows what is open to anyone without finding out who is there', async () => {
    const browser = new Tabs(url)
    const plans = unwrap(await browser.open().api.GET('/v1/plans'))
    expect(plans.data.map(({ plan }) => plan)).toContain('pro')
    expect(browser.asked).toEqual(['GET /v1/plans'])
  })

  test('knows who registered, tells those who listen, and keeps no token where others could find it', async () => {
    const untouched = new Proxy({}, { get: (_target, name) => expect.unreachable(`storage.${String(name)}`) })
    for (const storage of ['localStorage', 'sessionStorage', 'indexedDB']) vi.stubGlobal(storage, untouched)
    const { browser, tab, credentials } = await signedIn()
    expect(tab.session).toMatchObject({
      status: 'signed-in',
      user: { email: credentials.email },
      account: { role: 'owner' },
    })
    const cookies = browser.cookies.list().map(({ name }) => name)
    expect(cookies.sort()).toEqual(['frontgate_device', 'frontgate_session'])
    expect(unwrap(await me(tab)).email).toBe(credentials.email)
  })

  test('that is loaded again goes on where the last one was', async () => {
    const { browser, tab, credentials } = await signedIn()
    tab.close()
    const again = browser.open()
    expect((await again.ready()).user?.email).toBe(credentials.email)
    expect(unwrap(await me(again)).email).toBe(credentials.email)
  })

  test('gives the same session until something about it changes', async () => {
    const { tab } = await signedIn()
    const { session } = tab
    const listener = vi.fn()
    tab.subscribe(listener)
    t.moveClock(TEN_MINUTES + 1)
    unwrap(await me(tab))
    expect(tab.session).toBe(session)
    expect(listener).not.toHaveBeenCalled()
    await tab.signOut()
    expect(listener).toHaveBeenCalledTimes(1)
    expect(session.status).toBe('signed-in')
  })

  test('learns from refusals what is wrong', async () => {
    const { tab, credentials } = await signedIn()
    const refusal = await tab.register(credentials).catch((error) => error)
    expect(refusal).toBeInstanceOf(FrontgateProblem)
    expect(refusal).toMatchObject({ code: 'email-already-registered', status: 409, members: {} })
    const weak = await tab.register({ ...somebody(), password: '123' }).catch((error) => error)
    expect(weak).toMatchObject({ code: 'weak-password', members: { reason: 'too-short', min_length: 8 } })
    expect(tab.session.status).toBe('signed-in')
  })

  test('sends people to a provider and back to itself', () => {
    const tab = new Tabs(url).open()
    expect(tab.signInUrl('google')).toBe(
      `${url}/v1/auth/oauth/google/start?return_to=http%3A%2F%2Flocalhost%3A5173%2Fpage`,
    )
    expect(tab.signInUrl('microsoft', { returnTo: '/billing', inviteToken: 'i', loginHint: 'a@b' })).toBe(
      `${url}/v1/auth/oauth/microsoft/start?return_to=%2Fbilling&invite_token=i&login_hint=a%40b`,
    )
  })
})

describe('a token that ran out', () => {
  test('is refreshed once for 50 calls that find out together', async () => {
    const { browser, tab } = await signedIn()
    t.moveClock(TEN_MINUTES + 1)
    const logged = t.logged.length
    const replies = await Promise.all(Array.from({ length: 50 }, () => me(tab)))
    expect(replies.map(({ response }) => response.status)).toEqual(Array(50).fill(200))
    const operations = t.logged.slice(logged).map((line) => JSON.parse(line).operation)
    expect(operations.filter((operation) => operation === 'refreshSession')).toHaveLength(1)
    expect(browser.refreshes).toBe(1)
  })

  test('is refreshed half a minute before, whatever the time of the device is', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: new Date('1999-12-31') })
    const { browser, tab } = await signedIn()
    vi.advanceTimersByTime((TEN_MINUTES - 31) * 1000)
    const token = await tab.accessToken()
    expect(browser.refreshes).toBe(0)
    vi.advanceTimersByTime(2000)
    t.moveClock(TEN_MINUTES - 29)
    const tokens = await Promise.all([tab.accessToken(), tab.accessToken(), tab.accessToken()])
    expect(browser.refreshes).toBe(1)
    expect(new Set(tokens)).toHaveLength(1)
    expect(tokens).not.toContain(token)
    // The clock of the device is put right, by decades: at worst that is one refresh more.
    vi.setSystemTime(new Date('2031-01-01'))
    for (let i = 0; i < 3; i++) unwrap(await me(tab))
    expect(browser.refreshes).toBe(2)
    vi.setSystemTime(new Date('2001-01-01'))
    for (let i = 0; i < 3; i++) unwrap(await me(tab))
    expect(browser.refreshes).toBe(2)
  })

  test('lets one caller give up without the others', async () => {
    const { browser, tab } = await signedIn()
    t.moveClock(TEN_MINUTES + 1)
    const held = hold(browser, REFRESH)
    const impatient = new AbortController()
    const [patient, gone] = [me(tab), me(tab, impatient.signal)]
    await held.reached
    impatient.abort(new Error('No time'))
    await expect(gone).rejects.toThrow('No time')
    held.release()
    expect((await patient).response.status).toBe(200)
    await expect(me(tab, AbortSignal.abort(new Error('Too late')))).rejects.toThrow('Too late')
  })

  test('is refreshed by the answer of a product, whose call is made once more with the same body', async () => {
    const { browser, tab } = await signedIn()
    const product = await startProduct()
    const body = JSON.stringify({ title: 'A tree' })
    const response = await tab.fetch(`${product.url}/trees`, { method: 'POST', body })
    expect(await response.text()).toBe('saved')
    expect(product.asked.map((call) => call.body)).toEqual([body, body])
    expect(product.asked.at(-1)?.authorization).toBe(`Bearer ${await tab.accessToken()}`)
    expect(browser.refreshes).toBe(1)
  })

  test('is not sent again with a body that is gone, nor in place of a token that the caller gave', async () => {
    const { tab } = await signedIn()
    const product = await startProduct()
    const body = new Blob(['once']).stream()
    const streamed = { method: 'POST', body, duplex: 'half' } as RequestInit
    expect((await tab.fetch(product.url, streamed)).status).toBe(401)
    const own = { headers: { authorization: 'Bearer mine' } }
    expect((await tab.fetch(product.url, own)).status).toBe(401)
    expect(product.asked.map((call) => call.body)).toEqual(['once', ''])
  })
})

describe('a product that refuses every token', () => {
  test('is answered for: its refusals come back, and the service is asked for another token once in a while', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    const { browser, tab } = await signedIn()
    const product = await startProduct({ refusesAll: true })
    const statuses = async () =>
      (await Promise.all(Array.from({ length: 8 }, () => tab.fetch(product.url)))).map(({ status }) => status)
    for (let i = 0; i < 3; i++) expect(await statuses()).toEqual(Array(8).fill(401))
    expect(browser.refreshes).toBe(1)
    vi.advanceTimersByTime(31_000)
    await statuses()
    expect(browser.refreshes).toBe(2)
  })

  test('has its refusal come back also where no other token is to be had', async () => {
    const { browser, tab } = await signedIn()
    const product = await startProduct({ refusesAll: true })
    browser.road.go = (path) => {
      if (path === REFRESH) throw new TypeError('network error')
    }
    const response = await tab.fetch(product.url)
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'unauthenticated' }])
  })
})

test('every operation that answers with tokens changes the session', () => {
  const { paths } = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'))
  const giving = Object.entries<Record<string, { responses: object }>>(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { responses }]) => JSON.stringify(responses).includes('/schemas/Tokens"'))
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  )
  expect(giving).toContain('POST /v1/auth/login')
  const ending = ['POST /v1/auth/logout', 'POST /v1/auth/logout-all']
  expect([...sessionOperations].sort()).toEqual([...giving, ...ending].sort())
})

describe('a call that is never answered', () => {
  test('keeps nobody from a token where it has nothing to do with the session', async () => {
    const { browser, tabs } = await signedIn(2)
    const held = hold(browser, '/v1/auth/email/resend', 'go')
    void tabs[0]?.api.POST('/v1/auth/email/resend', { body: {} }).catch(() => {})
    await held.reached
    t.moveClock(TEN_MINUTES + 1)
    const replies = await Promise.all(tabs.map((each) => me(each)))
    expect(replies.map(({ response }) => response.status)).toEqual([200, 200])
  })

  test('is given up after ten seconds where all tabs wait for what comes of it', async () => {
    const { browser, tabs, credentials } = await signedIn(2)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true })
    const held = hold(browser, '/v1/auth/login', 'go')
    const signingIn = tabs[0]?.signIn(credentials).catch((error) => error)
    await held.reached
    t.moveClock(TEN_MINUTES + 1)
    const call = me(tabs[1] as FrontgateClient)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await signingIn).toBeInstanceOf(FrontgateUnreachable)
    expect((await call).response.status).toBe(200)
  })
})

describe('when the service does not answer', () => {
  test('the answer to a refresh that was lost is asked for again, within 15 seconds', async () => {
    const { browser, tab } = await signedIn()
    t.moveClock(TEN_MINUTES + 1)
    browser.road.comeBack = (path) => {
      if (path === REFRESH) throw new TypeError('network error')
    }
    await expect(me(tab)).rejects.toThrow(FrontgateUnreachable)
    expect(tab.session).toMatchObject({ status: 'signed-in', problem: expect.any(FrontgateUnreachable) })
    browser.road = {}
    t.moveClock(14)
    expect((await me(tab)).response.status).toBe(200)
    expect(tab.session).toMatchObject({ status: 'signed-in', problem: null })
  })

  test('a page that cannot find out who is there says so, and asks again when it is asked', async () => {
    const { browser } = await signedIn()
    const page = browser.open()
    browser.road.go = () => Promise.reject(new TypeError('offline'))
    expect(await page.ready()).toMatchObject({ status: 'loading', problem: expect.any(FrontgateUnreachable) })
    await expect(page.accessToken()).rejects.toThrow(`${url} does not answer`)
    browser.road = {}
    expect(await page.ready()).toMatchObject({ status: 'signed-in', problem: null })
  })

  test('the refusal of a proxy ends no session, and signing out is not claimed', async () => {
    const { tab } = await signedIn()
    const page = createClient({ url, fetch: async () => new Response('Bad gateway', { status: 502 }) })
    onTestFinished(() => page.close())
    // It has heard of no other tab yet.
    expect(await page.ready()).toMatchObject({ status: 'loading', problem: { code: 'unknown', status: 502 } })
    await expect(page.signOut()).rejects.toThrow(FrontgateProblem)
    expect(page.session.status).not.toBe('signed-out')
    expect(tab.session.status).toBe('signed-in')
  })

  test('a service that was started anew goes on with the session', async () => {
    const first = await startTestApp({ DATABASE_URL: t.databaseUrl }, { work: false })
    const address = await listen(first)
    const browser = new Tabs(address)
    const tab = browser.open()
    await tab.register(somebody())
    await first.close()
    await expect(me(tab)).rejects.toThrow()
    const second = await startTestApp({ DATABASE_URL: t.databaseUrl }, { work: false })
    onTestFinished(second.close)
    await second.fastify.listen({ host: '127.0.0.1', port: Number(new URL(address).port) })
    second.moveClock(TEN_MINUTES + 1)
    expect((await me(tab)).response.status).toBe(200)
    expect(tab.session.status).toBe('signed-in')
  })
})

describe.each([
  ['with locks', false],
  ['without locks', true],
])('tabs %s', (_name, isOld) => {
  const withoutLocks = () => {
    if (isOld) vi.stubGlobal('navigator', {})
  }

  test('that are opened at once all come in, and the session goes on', async () => {
    withoutLocks()
    const { browser, tab } = await signedIn()
    tab.close()
    const tabs = Array.from({ length: 8 }, () => browser.open())
    await Promise.all(tabs.map((each) => each.ready()))
    expect(tabs.map(({ session }) => session.status)).toEqual(Array(8).fill('signed-in'))
    if (!isOld) expect(browser.refreshes).toBe(1)
    t.moveClock(TEN_MINUTES + 1)
    const replies = await Promise.all(tabs.map((each) => me(each)))
    expect(replies.map(({ response }) => response.status)).toEqual(Array(8).fill(200))
    t.moveClock(TEN_MINUTES + 1)
    expect((await browser.open().ready()).status).toBe('signed-in')
  })

  test('wait for the one that refreshes, and take what it got', async () => {
    withoutLocks()
    const { browser, tabs } = await signedIn(3)
    t.moveClock(TEN_MINUTES + 1)
    const [first, ...others] = tabs as [FrontgateClient]
    const held = hold(browser, REFRESH)
    const calls = [me(first)]
    await held.reached
    calls.push(...others.map((each) => me(each)))
    // They are refused, and then wait.
    await expect.poll(() => browser.asked.filter((call) => call === 'GET /v1/me')).toHaveLength(3)
    held.release()
    for (const call of calls) expect((await call).response.status).toBe(200)
    expect(browser.refreshes).toBe(1)
    const tokens = await Promise.all(tabs.map((each) => each.accessToken()))
    expect(new Set(tokens).size).toBe(1)
  })

  test('are signed out by any of them', async () => {
    withoutLocks()
    const { browser, tabs } = await signedIn(3)
    const token = (await tabs[0]?.accessToken()) ?? ''
    const told = vi.fn()
    tabs[0]?.subscribe(told)
    await tabs[2]?.signOut()
    for (const each of tabs) {
      await expect.poll(() => each.session.status).toBe('signed-out')
      expect(await each.accessToken()).toBeNull()
    }
    expect(told).toHaveBeenCalledTimes(1)
    expect((await t.call('GET', '/v1/me', { as: token })).body.code).toBe('session-expired')
    expect((await browser.open().ready()).status).toBe('signed-out')
  })

  test('follow who signs in, and calls of somebody else are not sent in their name', async () => {
    withoutLocks()
    const { browser, tabs, credentials } = await signedIn(2)
    const [first, second] = tabs as [FrontgateClient, FrontgateClient]
    const other = somebody()
    await first.register(other)
    await expect.poll(() => second.session.user?.email).toBe(other.email)
    t.moveClock(TEN_MINUTES + 1)
    const held = hold(browser, REFRESH, 'go')
    const call = me(second)
    await held.reached
    // Not one of ours: a page of the service, say, in whose answer the cookie changes.
    const reply = await fetch(`${url}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(credentials),
    })
    browser.cookies.take(new URL(url), reply.headers.getSetCookie())
    held.release()
    await expect(call).rejects.toThrow(SessionChanged)
    for (const each of tabs) await expect.poll(() => each.session.user?.email).toBe(credentials.email)
  })

  test('are all in the account that one of them switches to', async () => {
    withoutLocks()
    const { tabs } = await signedIn(2)
    const [first, second] = tabs as [FrontgateClient, FrontgateClient]
    const account = unwrap(await first.api.POST('/v1/accounts', { body: { name: 'Another' } }))
    const session = await first.switchAccount(account.id)
    expect(session.account?.id).toBe(account.id)
    await expect.poll(() => second.session.account?.id).toBe(account.id)
    expect(unwrap(await second.api.GET('/v1/accounts/me')).id).toBe(account.id)
    t.moveClock(TEN_MINUTES + 1)
    expect(unwrap(await second.api.GET('/v1/accounts/me')).id).toBe(account.id)
  })
})

describe('a refresh that is under way', () => {
  test.each([
    ['the same tab', 0],
    ['another tab', 1],
  ])('does not bring back who signs out meanwhile in %s', async (_name, leaving) => {
    const { browser, tabs } = await signedIn(2)
    t.moveClock(TEN_MINUTES + 1)
    const held = hold(browser, REFRESH)
    const call = me(tabs[0] as FrontgateClient).then(
      ({ response }) => response.status,
      (error) => error.name,
    )
    await held.reached
    const left = tabs[leaving]?.signOut()
    held.release()
    await left
    // Another tab may have been quick enough to be served before that.
    expect(await call).toEqual(leaving === 0 ? 'SessionChanged' : expect.anything())
    for (const each of tabs) await expect.poll(() => each.session.status).toBe('signed-out')
    expect((await browser.open().ready()).status).toBe('signed-out')
  })

  test('does not bring back who was there before somebody signed in', async () => {
    const { browser, tabs } = await signedIn(2)
    t.moveClock(TEN_MINUTES + 1)
    const held = hold(browser, REFRESH)
    const call = me(tabs[0] as FrontgateClient)
    await held.reached
    const other = somebody()
    const registered = tabs[1]?.register(other)
    held.release()
    await registered
    await call.catch(() => {})
    for (const each of tabs) await expect.poll(() => each.session.user?.email).toBe(other.email)
    expect((await browser.open().ready()).user?.email).toBe(other.email)
  })
})

describe('a session that was ended elsewhere', () => {
  test('is over with the next call, which says why', async () => {
    const { browser, tab } = await signedIn()
    const told = vi.fn()
    tab.subscribe(told)
    await t.call('POST', '/v1/auth/logout-all', { as: (await tab.accessToken()) ?? '' })
    const { error } = await me(tab)
    expect(error?.code).toBe('session-expired')
    expect(tab.session).toMatchObject({ status: 'signed-out', user: null })
    expect(told).toHaveBeenCalledTimes(1)
    expect(browser.refreshes).toBe(1)
  })

  test('is over with what the page itself does by the API', async () => {
    const { tab, credentials } = await signedIn()
    await tab.api.POST('/v1/auth/logout-all', { body: {} })
    expect(tab.session.status).toBe('signed-out')
    await tab.api.POST('/v1/auth/login', { body: credentials })
    expect(tab.session.user?.email).toBe(credentials.email)
    await tab.signOut()
    await tab.signOut()
    expect(tab.session.status).toBe('signed-out')
  })
})

describe('a program that keeps its refresh token', () => {
  /** A place for a token, and what became of it. */
  function place(token: string | null = null) {
    const saved: (string | null)[] = [token]
    const store: TokenStore = {
      load: async () => saved.at(-1) ?? null,
      save: async (next) => void saved.push(next),
    }
    return { store, saved }
  }
  const program = (tokens: TokenStore, fetched?: typeof fetch) =>
    createClient({ url, tokens, ...(fetched && { fetch: fetched }) })

  test('goes on with it after it was started anew', async () => {
    const { store, saved } = place()
    const credentials = somebody()
    await program(store).register(credentials)
    expect(saved).toEqual([null, expect.stringMatching(/^fgr_/)])
    const again = program(store)
    expect((await again.ready()).user?.email).toBe(credentials.email)
    expect(saved).toHaveLength(3)
    await again.signOut()
    expect(saved.at(-1)).toBeNull()
    const asked = vi.fn(fetch)
    expect((await program(store, asked).ready()).status).toBe('signed-out')
    expect(asked).not.toHaveBeenCalled()
  })

  test('loses nothing when it dies before it could keep the next one', async () => {
    const { store } = place()
    const credentials = somebody()
    await program(store).register(credentials)
    const dying = program({ ...store, save: () => Promise.reject(new Error('Killed')) })
    await dying.ready()
    expect(dying.session.problem?.message).toBe('Killed')
    t.moveClock(14)
    expect((await program(store).ready()).user?.email).toBe(credentials.email)
  })

  test('uses no access token before the refresh token is kept', async () => {
    const { store, saved } = place()
    await program(store).register(somebody())
    const events: string[] = []
    const kept = {
      ...store,
      save: async (next: string | null) => void events.push(`saved ${saved.push(next)}`),
    }
    const client = program(kept, (input, init) => {
      events.push(new URL((input as Request).url).pathname)
      return fetch(input, init)
    })
    unwrap(await me(client))
    expect(events).toEqual([REFRESH, 'saved 3', '/v1/me'])
  })

  test('goes on with what could not be kept, also later', async () => {
    const { store } = place()
    await program(store).register(somebody())
    let isFull = true
    const client = program({
      load: store.load,
      save: (next) => (isFull ? Promise.reject(new Error('Disk full')) : store.save(next)),
    })
    await expect(me(client)).rejects.toThrow('Disk full')
    isFull = false
    t.moveClock(60)
    expect((await me(client)).response.status).toBe(200)
  })

  test('acts for several people at once without mixing them up', async () => {
    vi.stubGlobal('location', new URL('http://localhost:5173/page'))
    onTestFinished(() => void vi.unstubAllGlobals())
    const people = [somebody(), somebody()]
    const clients = people.map(() => program(place().store))
    for (const [i, credentials] of people.entries()) await clients[i]?.register(credentials)
    t.moveClock(TEN_MINUTES + 1)
    const replies = await Promise.all(clients.map((client) => me(client)))
    expect(replies.map(({ data }) => data?.email)).toEqual(people.map(({ email }) => email))
    await clients[0]?.signOut()
    expect(clients[1]?.session.status).toBe('signed-in')
  })
})

/** A product's server that refuses the first call, or all. */
async function startProduct({ refusesAll = false } = {}) {
  const asked: { authorization: string | undefined; body: string }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    asked.push({ authorization: request.headers.authorization, body })
    const isRefused = refusesAll || asked.length === 1 || request.headers.authorization === 'Bearer mine'
    if (!isRefused) return response.end('saved')
    response.writeHead(401, { 'content-type': 'application/problem+json' })
    response.end(JSON.stringify({ code: 'unauthenticated', status: 401, detail: 'The token has run out.' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}`, asked }
}
