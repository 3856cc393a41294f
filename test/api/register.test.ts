import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setCookies } from '../support/cookies.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { mailedToken, newAddress, PASSWORD, register, registerVerified, signIn } from '../support/people.ts'
import { startReplica } from '../support/replica.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

const post = (app: TestApp, body: object, from?: string, headers?: Record<string, string>) =>
  app.call('POST', '/v1/auth/register', { body, ...(from && { from }), ...(headers && { headers }) })

describe('201', () => {
  test('a stranger becomes the owner of an account on trial, and a verification mail goes out', async () => {
    const email = newAddress()
    const reply = await post(t, { email, password: PASSWORD, token_delivery: 'body' })
    expect(reply.status).toBe(201)
    expect(reply.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 600,
      user: { email, email_verified: false, has_password: true },
      account: { role: 'owner' },
    })
    expect(reply.body.accounts).toEqual([reply.body.account])
    const state = await t.call('GET', '/v1/billing/state', { as: reply.body.access_token })
    expect(state.body).toMatchObject({
      has_pro_entitlement: true,
      plan: 'pro',
      reason: 'trial',
      subscription: {
        status: 'trialing',
        source: 'trial',
        trial_days_remaining: 14,
        trial_ends_at: new Date(t.app.now().getTime() + 14 * 86_400_000).toISOString(),
      },
    })
    const guarded = await t.call('GET', '/v1/forward-auth?require=plan:pro', { as: reply.body.access_token })
    expect(guarded.status).toBe(200)
    expect(guarded.headers['x-frontgate-plan']).toBe('pro')
    const mails = await t.mailsTo(email)
    expect(mails).toHaveLength(1)
    expect(mails[0]?.subject).toContain('Verify')
    expect(await mailedToken(t, email)).toMatch(/^[\w-]{43}$/)
  })

  test.each([
    ['the name that was chosen', { account_name: ' Engines Ltd ', name: 'Ada' }, 'Engines Ltd'],
    ['the name of the person', { name: ' Ada Lovelace ' }, 'Ada Lovelace’s account'],
    ['the local part of the address', { email: 'grace.hopper@customer.example' }, 'grace.hopper’s account'],
  ])('the account is named after %s', async (_what, fields, name) => {
    const reply = await post(t, { email: newAddress(), password: PASSWORD, ...fields })
    expect(reply.status).toBe(201)
    expect(reply.body.account.name).toBe(name)
  })

  test('somebody with the longest name there is gets in', async () => {
    const name = '漢'.repeat(200)
    const reply = await post(t, { email: newAddress(), password: PASSWORD, name })
    expect(reply.status).toBe(201)
    expect(reply.body.user.name).toBe(name)
  })

  test('the address is kept in one form, however it was typed', async () => {
    const email = newAddress()
    const reply = await post(t, { email: `  ${email.toUpperCase()} `, password: PASSWORD })
    expect(reply.body.user.email).toBe(email)
    expect((await signIn(t, email)).status).toBe(200)
  })

  test('browsers get the refresh token as a cookie that no script reads, and nothing may keep the reply', async () => {
    const reply = await post(t, { email: newAddress(), password: PASSWORD })
    expect(reply.body).not.toHaveProperty('refresh_token')
    expect(reply.headers['cache-control']).toBe('no-store')
    const cookies = setCookies(reply)
    expect(Object.keys(cookies).sort()).toEqual(['frontgate_device', 'frontgate_session'])
    for (const { attributes } of Object.values(cookies)) {
      expect(attributes).toEqual(expect.arrayContaining(['path=/', 'httponly', 'samesite=lax']))
      expect(attributes).not.toContain('secure')
      expect(attributes.some((attribute) => attribute.startsWith('domain'))).toBe(false)
    }
    const refreshed = await t.call('POST', '/v1/auth/refresh', { cookies: reply.cookies })
    expect(refreshed.status).toBe(200)
  })

  test('on https the cookies are tied to the host and to https', async () => {
    const u = await startTestAppWith({ PUBLIC_URL: 'https://gate.example' })
    const reply = await post(u, { email: newAddress(), password: PASSWORD })
    const cookies = setCookies(reply)
    expect(Object.keys(cookies).sort()).toEqual(['__Host-frontgate_device', '__Host-frontgate_session'])
    for (const { attributes } of Object.values(cookies)) {
      expect(attributes).toEqual(expect.arrayContaining(['path=/', 'httponly', 'secure', 'samesite=lax']))
      expect(attributes.some((attribute) => attribute.startsWith('domain'))).toBe(false)
    }
    const refreshed = await u.call('POST', '/v1/auth/refresh', { cookies: reply.cookies })
    expect(refreshed.status).toBe(200)
  })

  test('no mail to an address that is not proved says anything its registrant has written', async () => {
    const email = newAddress()
    await register(t, {
      email,
      name: 'Win a prize at evil.example',
      account_name: 'Win a prize at evil.example',
    })
    const [mail] = await t.mailsTo(email)
    expect(JSON.stringify(mail)).not.toContain('evil.example')
  })

  test('links lead to the configured origin, whatever the request says it came for', async () => {
    const email = newAddress()
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'gopher',
    }
    expect((await post(t, { email, password: PASSWORD }, undefined, headers)).status).toBe(201)
    const [mail] = await t.mailsTo(email)
    expect(mail?.links.length).toBeGreaterThan(0)
    for (const link of mail?.links ?? []) expect(new URL(link).origin).toBe('http://localhost:4000')
    expect(mail?.text + String(mail?.html)).not.toContain('evil.example')
  })
})

describe('500', () => {
  test.each([
    'accounts',
    'members',
    'grants',
    'trials_taken',
    'email_verification_tokens',
    'mail_log',
    'audit_log',
    'sessions',
  ])('when %s cannot be written nothing is, and the address is still free', async (table) => {
    const { pool } = t.app
    await pool.query(
      `create or replace function refuse() returns trigger language plpgsql as 'begin raise exception ''full''; end'`,
    )
    const email = newAddress()
    await pool.query(`create trigger refuse before insert on ${table} for each row execute function refuse()`)
    const failed = await post(t, { email, password: PASSWORD })
    await pool.query(`drop trigger refuse on ${table}`)
    expect(failed.status).toBe(500)
    expect(failed.body.code).toBe('internal')
    expect(await t.mailsTo(email)).toEqual([])
    expect((await signIn(t, email)).status).toBe(401)
    await register(t, { email })
    expect(await t.mailsTo(email)).toHaveLength(1)
  })
})

describe('403', () => {
  test('with SELF_SERVE_ENABLED=false nobody new comes in, and those who are in go on as ever', async () => {
    const person = await registerVerified(t)
    const closed = await startReplica(t, { SELF_SERVE_ENABLED: 'false' })
    for (const email of [person.email, newAddress()]) {
      const refused = await closed.post('/v1/auth/register', { email, password: PASSWORD })
      expect(refused.status).toBe(403)
      expect(refused.body.code).toBe('self-serve-disabled')
    }
    const refreshed = await closed.post('/v1/auth/refresh', { refresh_token: person.refreshToken })
    expect(refreshed.status).toBe(200)
    const { email } = person
    expect((await closed.post('/v1/auth/password/forgot', { email })).status).toBe(202)
    const reset = { token: await tokenFor(t, '/reset-password', email), password: 'another good password' }
    expect((await closed.post('/v1/auth/password/reset', reset)).status).toBe(204)
    const signedIn = await closed.post('/v1/auth/login', { email, password: 'another good password' })
    expect(signedIn.status).toBe(200)
    const headers = { authorization: `Bearer ${signedIn.body.access_token}` }
    const second = await closed.post('/v1/accounts', { name: 'Second' }, { headers })
    expect(second.body.code).toBe('self-serve-disabled')
  })
})

describe('409', () => {
  test('a known address is refused, however it is typed, and nothing about its user changes', async () => {
    const person = await register(t)
    for (const email of [person.email, person.email.toUpperCase(), ` ${person.email} `]) {
      const reply = await post(t, {
        email,
        password: 'another good password',
        name: 'Eve',
        token_delivery: 'body',
      })
      expect(reply.status).toBe(409)
      expect(reply.body.code).toBe('email-already-registered')
      expect(setCookies(reply)).toEqual({})
    }
    expect((await signIn(t, person.email)).status).toBe(200)
    expect((await signIn(t, person.email, 'another good password')).status).toBe(401)
    expect(await t.mailsTo(person.email)).toHaveLength(1)
  })

  test('of parallel registrations of one address one succeeds', async () => {
    const email = newAddress()
    const replies = await Promise.all(Array.from({ length: 8 }, () => post(t, { email, password: PASSWORD })))
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)])
    const winner = replies.find(({ status }) => status === 201)
    expect(winner?.body.accounts).toHaveLength(1)
    expect(await t.mailsTo(email)).toHaveLength(1)
  })
})

describe('413', () => {
  test('a password of a megabyte is not even read', async () => {
    const reply = await post(t, { email: newAddress(), password: 'a'.repeat(1_000_000) })
    expect(reply.status).toBe(413)
    expect(reply.body.code).toBe('payload-too-large')
  })
})
