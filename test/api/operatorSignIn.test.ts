import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tablesNaming } from '../support/dump.ts'
import { newNetwork } from '../support/networks.ts'
import {
  appoint,
  askForLink,
  dismiss,
  newOperator,
  operatorLink,
  signInOperator,
} from '../support/operators.ts'
import { newAddress, register } from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
  // Somebody else is an admin, whoever is removed.
  await newOperator(t)
})
afterAll(() => t.close())
// Past the throttle of the test before.
beforeEach(() => t.moveClock(2 * MINUTE))

type Cookies = Record<string, string>
const post = (path: string, options: Parameters<TestApp['call']>[2] = {}, app = t) =>
  app.call('POST', `/v1/operator/auth/${path}`, options)
const signIn = (token: string) => post('sign-in', { body: { token } })
const refresh = (cookies: Cookies) => post('refresh', { cookies })
const signOut = (cookies: Cookies) => post('sign-out', { cookies })
const ask = async (as: string) => (await t.call('GET', '/v1/operator/catalogue', { as })).status
const remove = (email: string) => dismiss(t, email)

/** What the trail says of an operator, the oldest first. */
async function trailOf(email: string) {
  const { rows } = await t.app.pool.query<{ action: string; actor_kind: string }>(
    `select l.action, l.actor_kind from audit_log l, operators o
     where o.email = $1 and (l.actor_id = o.id or l.details ->> 'operator' = o.id::text) order by l.at, l.id`,
    [email],
  )
  return rows
}

describe('a link', () => {
  test('is mailed to an operator, and signs them in once', async () => {
    const email = await newOperator(t)
    const reply = await askForLink(t, email)
    expect([reply.status, reply.body]).toEqual([202, { status: 'accepted' }])
    const [mail] = await t.mailsTo(email)
    expect(mail?.subject).toContain('operator')
    const link = new URL(mail?.links[0] ?? '')
    expect(link.pathname).toBe('/operator/sign-in')
    const token = link.searchParams.get('token') ?? ''

    const { status, body, headers, cookies } = await signIn(token)
    expect(status).toBe(200)
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 600,
      operator: { id: expect.any(String), email, role: 'admin' },
      second_factor_setup_required: false,
    })
    expect(await ask(body.access_token)).toBe(200)
    expect(Object.keys(cookies)).toEqual(['frontgate_operator'])
    const cookie = String(headers['set-cookie'])
    for (const rule of ['HttpOnly', 'SameSite=Strict', 'Path=/']) expect(cookie).toContain(rule)
    expect(cookie).not.toMatch(/Domain/i)

    const again = await signIn(token)
    expect([again.status, again.body.code]).toEqual([410, 'token-used'])
    expect((await trailOf(email)).map(({ action, actor_kind }) => `${actor_kind} ${action}`)).toEqual([
      'system operator.added',
      'anyone operator.link-requested',
      'operator operator.signed-in',
      'operator operator.read-catalogue',
    ])
  })

  test('is used by one of many who come at once', async () => {
    const token = await operatorLink(t)
    const replies = await Promise.all(Array.from({ length: 8 }, () => signIn(token)))
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(410)])
  })

  test('is good for fifteen minutes', async () => {
    const email = await newOperator(t)
    const first = await operatorLink(t, email)
    t.moveClock(15 * MINUTE)
    expect((await signIn(first)).body.code).toBe('token-expired')
    const second = await operatorLink(t, email)
    t.moveClock(15 * MINUTE - 1)
    expect((await signIn(second)).status).toBe(200)
  })

  test('stays good when another is asked for, until one of them is used', async () => {
    const email = await newOperator(t)
    const other = await operatorLink(t)
    const links = []
    for (let i = 0; i < 3; i++) links.push(await operatorLink(t, email))
    const [first = '', second = '', third = ''] = links
    expect((await signIn(second)).status).toBe(200)
    expect((await signIn(first)).body.code).toBe('token-superseded')
    expect((await signIn(second)).body.code).toBe('token-used')
    expect((await signIn(third)).body.code).toBe('token-superseded')
    expect((await signIn(other)).status).toBe(200)
  })

  test('is the one of several that is used first', async () => {
    const email = await newOperator(t)
    const links = [await operatorLink(t, email), await operatorLink(t, email), await operatorLink(t, email)]
    const replies = await Promise.all(links.map(signIn))
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 410, 410])
  })

  test('nobody made is unknown, and so is one of another purpose', async () => {
    expect((await signIn('x'.repeat(43))).body.code).toBe('token-unknown')
    const { email } = await register(t)
    const [mail] = await t.mailsTo(email)
    const token = new URL(mail?.links[0] ?? '').searchParams.get('token') ?? ''
    expect((await signIn(token)).body.code).toBe('token-unknown')
  })

  test('for somebody who is no operator, or none any more, is answered the same and not mailed', async () => {
    const former = await newOperator(t)
    await remove(former)
    const { email: user } = await register(t)
    await t.settled()
    const [before] = await t.mailsTo(user)
    for (const email of [former, user, newAddress()]) {
      const reply = await askForLink(t, email)
      expect([reply.status, reply.body]).toEqual([202, { status: 'accepted' }])
    }
    expect(await t.mailsTo(former)).toEqual([])
    expect((await t.mailsTo(user))[0]).toEqual(before)
    const { rows } = await t.app.pool.query(
      `select details from audit_log where action = 'operator.link-requested' order by at desc, id desc limit 3`,
    )
    expect(rows.map(({ details }) => details)).toEqual(Array(3).fill({ operator: null }))
  })

  test('whose operator is removed meanwhile opens nothing', async () => {
    const email = await newOperator(t)
    const token = await operatorLink(t, email)
    await remove(email)
    expect((await signIn(token)).body.code).toBe('token-unknown')
    await appoint(t, email)
    expect((await signIn(token)).body.code).toBe('token-superseded')
  })

  describe.each(['an operator', 'nobody'])('to %s', (who) => {
    const anAddress = async () => (who === 'nobody' ? newAddress() : newOperator(t))
    const askFrom = async (email: string, from: string) =>
      (await post('link', { body: { email }, from })).status

    test('is asked for once a minute and five times an hour from one network', async () => {
      const [email, from] = [await anAddress(), newNetwork()]
      const statuses = []
      for (let i = 0; i < 6; i++) {
        statuses.push(await askFrom(email, from))
        if (i === 0) statuses.push(await askFrom(email, from))
        t.moveClock(MINUTE + 1)
      }
      expect(statuses).toEqual([202, 429, 202, 202, 202, 202, 429])
    })

    test('is asked for from another network meanwhile', async () => {
      const [email, theirs] = [await anAddress(), newNetwork()]
      expect([await askFrom(email, theirs), await askFrom(email, theirs)]).toEqual([202, 429])
      expect(await askFrom(email, newNetwork())).toBe(202)
    })

    test('is asked for thirty times an hour from all networks together', async () => {
      const email = await anAddress()
      const statuses = []
      for (let i = 0; i < 31; i++) statuses.push(await askFrom(email, newNetwork()))
      expect(statuses).toEqual([...Array(30).fill(202), 429])
      t.moveClock(HOUR)
      expect(await askFrom(email, newNetwork())).toBe(202)
    })
  })

  test('is asked for twenty times an hour from one network', async () => {
    const from = newNetwork()
    const replies = []
    for (let i = 0; i < 21; i++) replies.push(await post('link', { body: { email: newAddress() }, from }))
    expect(replies.map(({ status }) => status)).toEqual([...Array(20).fill(202), 429])
    expect(replies.at(-1)?.headers['retry-after']).toBeDefined()
  })
})

describe('a session', () => {
  test('goes on with its cookie for twelve hours, and not a moment longer', async () => {
    const { cookies, body: signedIn } = await signInOperator(t)
    t.moveClock(11 * HOUR + 59 * MINUTE)
    expect(await ask(signedIn.access_token)).toBe(401)
    const { status, body, headers } = await refresh(cookies)
    expect(status).toBe(200)
    expect(body.operator).toEqual(signedIn.operator)
    expect(headers['set-cookie']).toBeUndefined()
    expect(await ask(body.access_token)).toBe(200)
    t.moveClock(MINUTE)
    // The token would be good for nine minutes more.
    const late = await t.call('GET', '/v1/operator/catalogue', { as: body.access_token })
    expect([late.status, late.body.code]).toEqual([401, 'session-expired'])
    const over = await refresh(cookies)
    expect([over.status, over.body.code]).toEqual([401, 'session-expired'])
    expect(over.cookies).toEqual({ frontgate_operator: '' })
  })

  test('that is signed out takes its access tokens with it, and no other session', async () => {
    const email = await newOperator(t)
    const one = await signInOperator(t, email)
    t.moveClock(MINUTE + 1)
    const other = await signInOperator(t, email)
    const left = await signOut(one.cookies)
    expect([left.status, left.cookies]).toEqual([204, { frontgate_operator: '' }])
    expect(await ask(one.body.access_token)).toBe(401)
    expect((await refresh(one.cookies)).body.code).toBe('session-expired')
    expect(await ask(other.body.access_token)).toBe(200)
    expect((await refresh(other.cookies)).status).toBe(200)
    // A token of the command line has no session.
    const printed = await t.access.tokens.issueToOperator(one.body.operator.id, t.app.now())
    expect(await ask(printed)).toBe(200)
    expect((await signOut(one.cookies)).status).toBe(204)
    expect((await signOut({})).status).toBe(204)
    const ends = (await trailOf(email)).filter(({ action }) => action === 'operator.signed-out')
    expect(ends).toEqual([{ action: 'operator.signed-out', actor_kind: 'operator' }])
  })

  test('ends when its operator is removed, also where they are added again', async () => {
    const email = await newOperator(t)
    const { cookies, body } = await signInOperator(t, email)
    await remove(email)
    expect(await ask(body.access_token)).toBe(401)
    expect((await refresh(cookies)).status).toBe(401)
    await appoint(t, email)
    expect(await ask(body.access_token)).toBe(401)
    expect((await refresh(cookies)).status).toBe(401)
  })

  test('is none of a user’s: neither cookie opens what the other does', async () => {
    const { cookies } = await signInOperator(t)
    const operatorCookie = String(cookies.frontgate_operator)
    const asUser = await t.call('POST', '/v1/auth/refresh', {
      cookies: { frontgate_session: operatorCookie },
      body: {},
    })
    expect(asUser.status).toBe(401)
    const { refreshToken } = await register(t)
    expect((await refresh({ frontgate_operator: refreshToken })).status).toBe(401)
    expect((await refresh({})).body.code).toBe('session-expired')
    // The cookie alone opens nothing of the API.
    expect((await t.call('GET', '/v1/operator/catalogue', { cookies })).status).toBe(401)
  })

  test('is for pages of the service itself, not for those of the product', async () => {
    const own = await startTestAppWith({ PRODUCT_ORIGINS: 'https://app.example' })
    const { cookies } = await signInOperator(own)
    const publicUrl = own.app.config.publicUrl
    for (const path of ['refresh', 'sign-out', 'sign-in']) {
      for (const headers of [
        { 'sec-fetch-site': 'same-site', origin: publicUrl },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'none' },
        { origin: 'https://app.example' },
        { origin: 'null' },
      ]) {
        const body = path === 'sign-in' ? { token: 'x' } : {}
        const reply = await post(path, { cookies, headers, body }, own)
        expect([reply.status, reply.body.code], JSON.stringify(headers)).toEqual([403, 'forbidden'])
        expect(reply.headers['access-control-allow-origin']).toBeUndefined()
      }
    }
    for (const headers of [{ 'sec-fetch-site': 'same-origin', origin: publicUrl }, { origin: publicUrl }]) {
      expect((await post('refresh', { cookies, headers }, own)).status).toBe(200)
    }
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await post('sign-out', { cookies, headers: form, body: 'a=b' }, own)).status).toBe(415)
  })

  test('has a cookie that is tied to the host over https', async () => {
    const own = await startTestAppWith({ PUBLIC_URL: 'https://gate.example' })
    const { headers } = await signInOperator(own)
    expect(String(headers['set-cookie'])).toMatch(/^__Host-frontgate_operator=fgo_[\w-]{43};.*Secure/)
  })

  test('and its link are nowhere but with the operator', async () => {
    const own = await startTestAppWith({ LOG_LEVEL: 'trace' })
    const email = await newOperator(own)
    const token = await operatorLink(own, email)
    const { body, cookies } = await own.call('POST', '/v1/operator/auth/sign-in', { body: { token } })
    await own.call('POST', '/v1/operator/auth/refresh', { cookies })
    await own.settled()
    const secrets = [token, String(cookies.frontgate_operator), body.access_token]
    expect(await tablesNaming(own, secrets)).toEqual([])
    for (const secret of secrets) expect(own.logged.join()).not.toContain(secret)
  })

  test('and links are forgotten a month after they are over', async () => {
    const own = await startTestAppWith({})
    await signInOperator(own)
    const count = async () => {
      const { rows } = await own.app.pool.query(
        'select (select count(*) from operator_sessions) + (select count(*) from operator_sign_in_tokens) as n',
      )
      return Number(rows[0].n)
    }
    await own.advance(30 * DAY + HOUR)
    expect(await count()).toBe(1)
    await own.advance(DAY)
    expect(await count()).toBe(0)
  })
})
