import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tokenFor } from '../support/mailedLinks.ts'
import { newAddress, operatorToken, PASSWORD, signIn } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'
import { type TrailEntry, trailOf } from '../support/trail.ts'

const NEW_PASSWORD = 'another good password'
const WRONG_PASSWORD = 'marked wrong password'
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const ADDRESS = '203.0.113.77'

let t: TestApp
let email: string
let userId: string
/** Everything a log line or a line of the trail must not hold. */
const secrets: string[] = [PASSWORD, NEW_PASSWORD, WRONG_PASSWORD]
let trail: TrailEntry[]

/** One life, from registration to deletion, with all that can go wrong in between. */
beforeAll(async () => {
  t = await startTestApp({ LOG_LEVEL: 'trace' })
  email = newAddress('marked')
  const call = async (method: 'POST' | 'PATCH' | 'DELETE', url: string, body: object, as?: string) => {
    const reply = await t.call(method, url, {
      body,
      from: ADDRESS,
      headers: { 'user-agent': AGENT },
      ...(as && { as }),
    })
    for (const token of [reply.body?.access_token, reply.body?.refresh_token]) if (token) secrets.push(token)
    secrets.push(...Object.values(reply.cookies).filter(Boolean))
    return reply
  }
  const login = (password: string) =>
    call('POST', '/v1/auth/login', { email, password, token_delivery: 'body' })

  const registered = await call('POST', '/v1/auth/register', {
    email,
    password: PASSWORD,
    token_delivery: 'body',
  })
  userId = registered.body.user.id
  const as = registered.body.access_token
  await call('POST', '/v1/auth/register', { email, password: NEW_PASSWORD })
  await t.settled()
  await call('POST', '/v1/auth/email/resend', {}, as)
  const verification = await tokenFor(t, '/verify-email', email)
  await call('POST', '/v1/auth/email/verify', { token: verification })
  await call('POST', '/v1/auth/email/verify', { token: verification })
  await login(WRONG_PASSWORD)
  const second = await login(PASSWORD)
  await call('PATCH', '/v1/me', { name: 'Marked Name' }, as)
  await call('POST', '/v1/auth/logout', {}, second.body.access_token)
  await call(
    'POST',
    '/v1/auth/password/change',
    { current_password: WRONG_PASSWORD, new_password: NEW_PASSWORD },
    as,
  )
  await call(
    'POST',
    '/v1/auth/password/change',
    { current_password: PASSWORD, new_password: NEW_PASSWORD },
    as,
  )
  await call('POST', '/v1/auth/password/forgot', { email })
  await call('POST', '/v1/auth/password/forgot', { email: newAddress('marked') })
  const reset = await tokenFor(t, '/reset-password', email)
  await call('POST', '/v1/auth/password/reset', { token: reset, password: 'short' })
  await call('POST', '/v1/auth/password/reset', { token: reset, password: PASSWORD })
  secrets.push(verification, reset)
  const third = await login(PASSWORD)
  const refresh = (token: string) => call('POST', '/v1/auth/refresh', { refresh_token: token })
  const fourth = await refresh(third.body.refresh_token)
  await refresh(fourth.body.refresh_token)
  await refresh(third.body.refresh_token)
  const last = await login(PASSWORD)
  await call('DELETE', '/v1/me', { password: WRONG_PASSWORD }, last.body.access_token)
  await call('DELETE', '/v1/me', { password: PASSWORD }, last.body.access_token)
  // A failure that nobody planned is logged with its cause.
  await t.app.pool.query('alter table users rename to users_away')
  expect((await login(PASSWORD)).status).toBe(500)
  await t.app.pool.query('alter table users_away rename to users')
  await t.settled()
  trail = await trailOf(t, userId)
})
afterAll(() => t.close())

describe('the trail of a life', () => {
  test('has every event, the newest first', () => {
    const acted = trail.map(({ action, details }) =>
      [action, details.because ?? details.by].filter(Boolean).join(' '),
    )
    expect(acted.toReversed()).toEqual(
      expect.arrayContaining([
        'user.registered',
        'account.created',
        'session.began',
        'email.verification-requested',
        'email.verified link',
        'sign-in.refused',
        'user.renamed',
        'session.ended signed-out',
        'password.refused',
        'password.changed',
        'password.reset-requested',
        'password.reset',
        'session.ended new-password',
        'session.ended reuse',
        'session.ended user-deleted',
        'user.deleted',
      ]),
    )
    const count = (action: string) => trail.filter((entry) => entry.action === action).length
    expect(count('session.began')).toBe(4)
    expect(count('password.refused')).toBe(2)
    expect(count('email.verified')).toBe(1)
    expect(count('password.reset')).toBe(1)
  })

  test('says of each who did it, from where, with what, and in which request', () => {
    const signedIn = [
      'user.renamed',
      'password.refused',
      'password.changed',
      'email.verification-requested',
      'user.deleted',
    ]
    for (const entry of trail) {
      expect(entry).toMatchObject({
        ip: ADDRESS,
        user_agent: AGENT,
        request_id: expect.any(String),
        user_id: userId,
      })
      if (signedIn.includes(entry.action))
        expect(entry).toMatchObject({ actor_kind: 'user', actor_id: userId })
      if (entry.actor_kind === 'anyone') expect(entry.actor_id).toBeNull()
    }
  })

  test('has requests for addresses nobody has, without naming them', async () => {
    const as = await operatorToken(t)
    const reply = await t.call('GET', '/v1/operator/audit?action=password.reset-requested', { as })
    const owners = reply.body.data.map((entry: TrailEntry) => entry.user_id)
    expect(owners.sort()).toEqual([userId, null].sort())
    expect(reply.text).not.toContain('marked')
  })

  test('holds no address, password or token', () => {
    const text = JSON.stringify(trail)
    expect(text).not.toContain(email)
    for (const secret of secrets) expect(text).not.toContain(secret)
  })
})

describe('the log of that life', () => {
  test('has a line for each request, and the failure with its cause', () => {
    const lines = t.logged.map((line) => JSON.parse(line))
    const operations = new Set(lines.map(({ operation }) => operation))
    for (const operation of [
      'register',
      'signIn',
      'refreshSession',
      'verifyEmail',
      'forgotPassword',
      'resetPassword',
    ]) {
      expect(operations).toContain(operation)
    }
    expect(lines.filter(({ message }) => message === 'request failed')).toMatchObject([
      { error: { code: '42P01' } },
    ])
  })

  test('holds no address, name, password or token', () => {
    const text = t.logged.join('')
    for (const secret of secrets) expect(text).not.toContain(secret)
    expect(text.toLowerCase()).not.toContain('marked')
    expect(text).not.toContain('@customer.example')
  })
})

test('what is stored holds no token or password that would work', async () => {
  const { body } = await t.call('POST', '/v1/auth/register', {
    body: { email: newAddress(), password: PASSWORD, token_delivery: 'body' },
  })
  await t.call('POST', '/v1/auth/password/forgot', { body: { email: body.user.email } })
  const { rows: jobs } = await t.app.pool.query('select payload::text from graphile_worker._private_jobs')
  const token = await tokenFor(t, '/reset-password', body.user.email)
  expect((await signIn(t, body.user.email)).status).toBe(200)
  const { rows: tables } = await t.app.pool.query(
    `select schemaname || '.' || tablename as name from pg_tables where schemaname in ('public', 'graphile_worker')`,
  )
  for (const { name } of tables) {
    const { rows } = await t.app.pool.query(
      `select coalesce(string_agg(r::text, ' '), '') as text from ${name} r`,
    )
    for (const secret of [PASSWORD, token, body.refresh_token, body.access_token]) {
      expect(rows[0]?.text).not.toContain(secret)
    }
  }
  expect(JSON.stringify(jobs)).not.toContain(token)
})
