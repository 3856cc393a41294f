import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setCookies } from '../support/cookies.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { newNetwork } from '../support/networks.ts'
import { mailedToken, newAddress, PASSWORD, signIn } from '../support/people.ts'
import { startTestApp, type TestApp, type TestReply } from '../support/testApp.ts'
import { actionsOf } from '../support/trail.ts'
import { withoutPassword, withProviders } from '../support/withoutPassword.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({ ...withProviders, REGISTRATION_PRIVACY: 'strict' })
})
afterAll(() => t.close())

const OTHER_PASSWORD = 'the password of somebody else'

/** Registers and waits until what was promised is done. */
async function post(fields: object, from = newNetwork()): Promise<TestReply> {
  const body = { password: PASSWORD, token_delivery: 'body', ...fields }
  const reply = await t.call('POST', '/v1/auth/register', { body, from })
  await t.settled()
  return reply
}

/** Registers and follows the mailed link. */
async function enter(email = newAddress()): Promise<{ email: string; reply: TestReply }> {
  await post({ email })
  const token = await mailedToken(t, email)
  const reply = await t.call('POST', '/v1/auth/email/verify', { body: { token, token_delivery: 'body' } })
  return { email, reply }
}

/** One address of each kind there is. */
const kinds: Record<string, () => Promise<string>> = {
  unknown: async () => newAddress(),
  verified: async () => (await enter()).email,
  unverified: async () => {
    const email = newAddress()
    await post({ email })
    return email
  },
  'without a password': async () => {
    const { email, reply } = await enter()
    await withoutPassword(t, { userId: reply.body.tokens.user.id })
    return email
  },
  'deleted, and free again': async () => {
    const { email, reply } = await enter()
    await t.call('DELETE', '/v1/me', { as: reply.body.tokens.access_token, body: {} })
    return email
  },
}

const visible = ({ status, text, headers }: TestReply) => {
  const { date: _date, ...others } = headers
  return { status, text, headers: others }
}

describe('202', () => {
  test('every address is answered the same, to the byte', async () => {
    const answers = []
    for (const addressOf of Object.values(kinds))
      answers.push(visible(await post({ email: await addressOf() })))
    const [first] = answers
    expect(first?.status).toBe(202)
    expect(JSON.parse(first?.text ?? '')).toEqual({ status: 'accepted' })
    expect(first?.headers).not.toHaveProperty('set-cookie')
    for (const answer of answers) expect(answer).toEqual(first)
  })

  test.each(Object.keys(kinds))('a weak password is told apart from nothing else: %s', async (kind) => {
    const email = (await kinds[kind]?.()) ?? ''
    const reply = await post({ email, password: 'password' })
    expect(reply.status).toBe(422)
    expect(reply.body).toMatchObject({ code: 'weak-password', reason: 'common' })
  })

  test('a stranger gets the link that begins the session', async () => {
    const { email, reply } = await enter()
    expect(reply.status).toBe(200)
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(reply.body).toMatchObject({
      email,
      tokens: { user: { email, email_verified: true }, account: { role: 'owner' } },
    })
    const { tokens } = reply.body
    const state = await t.call('GET', '/v1/billing/state', { as: tokens.access_token })
    expect(state.body).toMatchObject({ plan: 'pro', reason: 'trial' })
    const refreshed = await t.call('POST', '/v1/auth/refresh', {
      body: { refresh_token: tokens.refresh_token },
    })
    expect(refreshed.status).toBe(200)
    expect((await signIn(t, email)).status).toBe(200)
  })

  test('a browser gets that session as a cookie, once', async () => {
    const email = newAddress()
    await post({ email })
    const token = await mailedToken(t, email)
    const reply = await t.call('POST', '/v1/auth/email/verify', { body: { token } })
    expect(reply.body.tokens).not.toHaveProperty('refresh_token')
    expect(Object.keys(setCookies(reply)).sort()).toEqual(['frontgate_device', 'frontgate_session'])
    expect((await t.call('POST', '/v1/auth/refresh', { cookies: reply.cookies })).status).toBe(200)
    const again = await t.call('POST', '/v1/auth/email/verify', { body: { token } })
    expect(again.status).toBe(410)
    expect(setCookies(again)).toEqual({})
  })

  test('whoever is registered is told by mail, and nothing about them changes', async () => {
    const { email, reply } = await enter()
    await post({ email, password: OTHER_PASSWORD, name: 'Win at evil.example', account_name: 'evil.example' })
    const [mail] = await t.mailsTo(email)
    expect(mail?.subject).toContain('already')
    expect(JSON.stringify(mail)).not.toContain('evil.example')
    expect((await signIn(t, email, OTHER_PASSWORD)).status).toBe(401)
    expect((await signIn(t, email)).status).toBe(200)
    expect(await actionsOf(t, reply.body.tokens.user.id)).toContain('user.registered-again')
  })

  test('asking again and again does not fill a mailbox', async () => {
    const { email } = await enter()
    for (let i = 0; i < 12; i++) expect((await post({ email })).status).toBe(202)
    const notices = (await t.mailsTo(email)).filter(({ subject }) => subject.includes('already'))
    expect(notices).toHaveLength(5)
  })

  test('of parallel registrations of one address all are answered the same, and there is one account', async () => {
    const email = newAddress()
    const replies = await Promise.all(Array.from({ length: 6 }, () => post({ email })))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]))
    const { rows } = await t.app.pool.query('select id from users where email = $1', [email])
    expect(rows).toHaveLength(1)
  })
})

describe('nothing else tells whether the address was known', () => {
  test('not signing in with the password that was just registered', async () => {
    const answers = []
    for (const kind of ['unknown', 'verified', 'unverified', 'without a password']) {
      const email = (await kinds[kind]?.()) ?? ''
      await post({ email, password: OTHER_PASSWORD })
      const reply = await signIn(t, email, OTHER_PASSWORD, newNetwork())
      answers.push({ ...reply.body, status: reply.status, instance: null })
    }
    expect(answers[0]).toMatchObject({ status: 401, code: 'invalid-credentials' })
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })

  test('not the count of sign-ins that failed', async () => {
    for (const kind of ['unknown', 'verified']) {
      const email = (await kinds[kind]?.()) ?? ''
      await post({ email, password: OTHER_PASSWORD })
      const statuses = []
      for (let i = 0; i < 11; i++)
        statuses.push((await signIn(t, email, OTHER_PASSWORD, newNetwork())).status)
      expect(statuses).toEqual([...Array(10).fill(401), 429])
    }
  })

  test('not how often a reset link may be asked for from the same network', async () => {
    for (const kind of ['unknown', 'verified']) {
      const from = newNetwork()
      for (let i = 0; i < 3; i++) await post({ email: (await kinds[kind]?.()) ?? '' }, from)
      const statuses = []
      for (let i = 0; i < 21; i++) {
        const forgot = await t.call('POST', '/v1/auth/password/forgot', {
          body: { email: newAddress() },
          from,
        })
        statuses.push(forgot.status)
      }
      expect(statuses).toEqual([...Array(20).fill(202), 429])
    }
  })

  test('not whether a reset link may be asked for the address itself', async () => {
    for (const addressOf of Object.values(kinds)) {
      const email = await addressOf()
      await post({ email })
      const forgot = await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from: newNetwork() })
      expect(forgot.status).toBe(202)
    }
  })
})

test('who lost the link gets in by way of a reset link, and the password of whoever registered is void', async () => {
  const email = newAddress()
  await post({ email, password: OTHER_PASSWORD })
  await t.advance(25 * 3600)
  await t.call('POST', '/v1/auth/password/forgot', { body: { email }, from: newNetwork() })
  const reset = { token: await tokenFor(t, '/reset-password', email), password: PASSWORD }
  expect((await t.call('POST', '/v1/auth/password/reset', { body: reset })).status).toBe(204)
  expect((await signIn(t, email, OTHER_PASSWORD)).status).toBe(401)
  const signedIn = await signIn(t, email)
  expect(signedIn.status).toBe(200)
  expect(signedIn.body.user.email_verified).toBe(true)
})
