import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Authenticator } from '../support/authenticator.ts'
import {
  addPasskey,
  addTotp,
  codeOf,
  firstStep,
  guess,
  nextCode,
  registerWithTotp,
  secondStep,
  signInWithTotp,
} from '../support/factors.ts'
import { accept, invited, membersOf } from '../support/invites.ts'
import { tokenFor } from '../support/mailedLinks.ts'
import { type OauthApp, startOauthApp } from '../support/oauthApp.ts'
import { atGoogle, comeBy, cookiesOf, identitiesOf } from '../support/oauthPeople.ts'
import { PASSWORD, type Person, register, registerVerified, signIn } from '../support/people.ts'
import { actionsOf } from '../support/trail.ts'

let t: OauthApp
beforeAll(async () => {
  t = await startOauthApp()
})
afterAll(() => t.close())

const subjectsTo = async (email: string) => (await t.mailsTo(email)).map(({ subject }) => subject)
const factors = async (as: string) => (await t.call('GET', '/v1/me/factors', { as })).body
const claimsOf = (body: { access_token: string }) => decodeJwt(body.access_token)

describe('an authenticator app', () => {
  test('is in force once a code is shown, with ten recovery codes, and the mailbox is told', async () => {
    const person = await registerVerified(t)
    const { body: offer } = await t.call('POST', '/v1/me/factors/totp', { as: person.accessToken })
    expect(offer.uri).toMatch(/^otpauth:\/\/totp\//)
    expect((await signIn(t, person.email)).status).toBe(200)
    const { recoveryCodes } = await addTotp(t, person)
    expect(new Set(recoveryCodes).size).toBe(10)
    expect(await factors(person.accessToken)).toMatchObject({
      methods: ['totp', 'recovery-code'],
      recovery_codes_left: 10,
      session: { factor: 'totp' },
    })
    expect(await subjectsTo(person.email)).toContain(
      'An authenticator app now protects your Frontgate account',
    )
    expect(await actionsOf(t, person.userId)).toContain('factor.added')
  })

  test('ends the other sessions with the first factor, and leaves this one', async () => {
    const person = await registerVerified(t)
    const other = (await signIn(t, person.email)).body.access_token
    await addTotp(t, person)
    expect((await t.call('GET', '/v1/me', { as: other })).body.code).toBe('session-expired')
    expect((await t.call('GET', '/v1/me', { as: person.accessToken })).status).toBe(200)
  })

  test('takes a verified mailbox and a sign-in of the last ten minutes, or a proof', async () => {
    const { accessToken } = await register(t)
    const refused = await t.call('POST', '/v1/me/factors/totp', { as: accessToken })
    expect(refused.body.code).toBe('email-verification-required')
    const holder = await registerWithTotp(t)
    t.moveClock(601)
    const { body } = await t.call('POST', '/v1/auth/refresh', {
      body: { refresh_token: holder.refreshToken },
    })
    const as = body.access_token
    const renew = () => t.call('POST', '/v1/me/factors/recovery-codes', { as })
    expect((await renew()).body.code).toBe('recent-sign-in-required')
    const proved = await t.call('POST', '/v1/me/factors/prove', {
      as,
      body: { code: codeOf(t, holder.secret) },
    })
    expect(proved.status).toBe(200)
    expect((await renew()).body.recovery_codes).toHaveLength(10)
  })

  test('can be taken away again, and then the password alone opens', async () => {
    const holder = await registerWithTotp(t)
    const removed = await t.call('DELETE', '/v1/me/factors/totp', { as: holder.accessToken })
    expect(removed.status).toBe(204)
    expect(await factors(holder.accessToken)).toMatchObject({
      methods: [],
      recovery_codes_left: 0,
      session: { factor: null },
    })
    expect((await signIn(t, holder.email)).status).toBe(200)
  })
})

describe('signing in with a second factor', () => {
  test('takes a password and then a code; the token says how', async () => {
    const holder = await registerWithTotp(t)
    const asked = await firstStep(t, holder)
    expect(asked).toMatchObject({ methods: ['totp', 'recovery-code'], passkey: null })
    const reply = await secondStep(t, asked.challenge, { code: nextCode(t, holder) })
    expect(reply.status).toBe(200)
    expect(reply.body.refresh_token).toEqual(expect.any(String))
    expect(claimsOf(reply.body).amr).toEqual(['pwd', 'otp', 'mfa'])
    expect(claimsOf((await signIn(t, (await register(t)).email)).body).amr).toEqual(['pwd'])
  })

  test('takes each code once, also on the other side of the clock', async () => {
    const holder = await registerWithTotp(t)
    t.moveClock(60)
    const early = codeOf(t, holder.secret, 30)
    const code = codeOf(t, holder.secret)
    const first = await firstStep(t, holder)
    expect((await secondStep(t, first.challenge, { code: early })).status).toBe(200)
    const second = await firstStep(t, holder)
    for (const again of [early, code]) {
      const reply = await secondStep(t, second.challenge, { code: again })
      expect(reply.body.code).toBe('wrong-second-factor')
    }
  })

  test('takes each challenge once, for ten minutes, and not beyond a new password', async () => {
    const holder = await registerWithTotp(t)
    const used = await firstStep(t, holder)
    expect((await secondStep(t, used.challenge, { code: nextCode(t, holder) })).status).toBe(200)
    expect((await secondStep(t, used.challenge, { code: nextCode(t, holder) })).body.code).toBe(
      'challenge-over',
    )
    const late = await firstStep(t, holder)
    t.moveClock(600)
    expect((await secondStep(t, late.challenge, { code: nextCode(t, holder) })).body.code).toBe(
      'challenge-over',
    )
    const stale = await firstStep(t, holder)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email: holder.email } })
    const token = await tokenFor(t, '/reset-password', holder.email)
    await t.call('POST', '/v1/auth/password/reset', {
      body: { token, password: 'quite another staple battery' },
    })
    expect((await secondStep(t, stale.challenge, { code: nextCode(t, holder) })).body.code).toBe(
      'challenge-over',
    )
  })

  test('a browser holds the challenge in a cookie that no script reads, and asks what it takes', async () => {
    const holder = await registerWithTotp(t)
    const reply = await t.call('POST', '/v1/auth/login', {
      body: { email: holder.email, password: PASSWORD },
    })
    expect(String(reply.headers['set-cookie'])).toMatch(/frontgate_second_factor=[^;]+;.*HttpOnly/)
    const { cookies } = reply
    const asked = await t.call('POST', '/v1/auth/second-factor/question', { body: {}, cookies })
    expect(asked.body).toEqual({ methods: ['totp', 'recovery-code'], passkey: null })
    const body = { code: nextCode(t, holder) }
    const entered = await t.call('POST', '/v1/auth/second-factor', { body, cookies })
    expect(entered.status).toBe(200)
    expect(entered.cookies.frontgate_session).toEqual(expect.any(String))
    expect(entered.cookies.frontgate_second_factor).toBe('')
  })

  test('a recovery code opens once, in place of the app, and the mailbox is told', async () => {
    const holder = await registerWithTotp(t)
    const [code = ''] = holder.recoveryCodes
    const first = await firstStep(t, holder)
    const entered = await secondStep(t, first.challenge, { recovery_code: code.toUpperCase() })
    expect(entered.status).toBe(200)
    const second = await firstStep(t, holder)
    const again = await secondStep(t, second.challenge, { recovery_code: code })
    expect(again.body.code).toBe('wrong-second-factor')
    expect(await subjectsTo(holder.email)).toContain('A recovery code was used for Frontgate')
    expect((await factors(entered.body.access_token)).recovery_codes_left).toBe(9)
  })

  test('new recovery codes void those before', async () => {
    const holder = await registerWithTotp(t)
    const { body } = await t.call('POST', '/v1/me/factors/recovery-codes', { as: holder.accessToken })
    const { challenge } = await firstStep(t, holder)
    const old = await secondStep(t, challenge, { recovery_code: holder.recoveryCodes[0] })
    expect(old.body.code).toBe('wrong-second-factor')
    const fresh = await secondStep(t, challenge, { recovery_code: body.recovery_codes[9] })
    expect(fresh.status).toBe(200)
  })

  test('five wrong codes void a challenge, ten the quarter hour, and the mailbox is told', async () => {
    const holder = await registerWithTotp(t)
    const wrong = { code: '000000' }
    for (const failures of [5, 5]) {
      const { challenge } = await firstStep(t, holder)
      for (let i = 0; i < failures; i++)
        expect((await secondStep(t, challenge, wrong)).body.code).toBe('wrong-second-factor')
      const beyond = await secondStep(t, challenge, { code: nextCode(t, holder) })
      expect(beyond.status).toBe(429)
      expect(Number(beyond.headers['retry-after'])).toBeGreaterThan(0)
    }
    const { challenge } = await firstStep(t, holder)
    expect((await secondStep(t, challenge, { code: nextCode(t, holder) })).status).toBe(429)
    expect(await subjectsTo(holder.email)).toContain('Somebody knows your Frontgate password')
    expect(await actionsOf(t, holder.userId)).toContain('second-factor.locked')
    t.moveClock(15 * 60)
    expect((await signInWithTotp(t, holder)).status).toBe(200)
  })

  /** Takes both steps in a device that has these cookies. */
  async function enterIn(holder: { email: string; secret: string }, cookies: Record<string, string>) {
    const { challenge } = await firstStep(t, holder)
    const body = { challenge, code: nextCode(t, holder), token_delivery: 'body' }
    return t.call('POST', '/v1/auth/second-factor', { body, cookies })
  }

  test('strangers do not lock out a device in which a factor was proved', async () => {
    const holder = await registerWithTotp(t)
    const entered = await enterIn(holder, {})
    await guess(t, holder, 10)
    for (const { cookies } of [holder, entered]) expect((await enterIn(holder, cookies)).status).toBe(200)
  })

  test('a device that knew nothing but the password is a stranger', async () => {
    const person = await registerVerified(t)
    const { cookies } = await signIn(t, person.email)
    const holder = { ...person, ...(await addTotp(t, person)) }
    await guess(t, holder, 10)
    expect((await enterIn(holder, cookies)).status).toBe(429)
  })

  test('nor does a new password make a device one in which a factor was proved', async () => {
    const holder = await registerWithTotp(t)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email: holder.email } })
    const token = await tokenFor(t, '/reset-password', holder.email)
    const reset = { token, password: PASSWORD }
    const { cookies } = await t.call('POST', '/v1/auth/password/reset', { body: reset })
    await guess(t, holder, 10)
    expect((await enterIn(holder, cookies)).status).toBe(429)
  })

  test('strangers have thirty guesses a day', async () => {
    const holder = await registerWithTotp(t)
    for (let quarters = 0; quarters < 3; quarters++) {
      await guess(t, holder, 10)
      t.moveClock(15 * 60)
    }
    const stranger = await enterIn(holder, {})
    expect(stranger.status).toBe(429)
    expect(Number(stranger.headers['retry-after'])).toBeGreaterThan(3600)
    expect((await enterIn(holder, holder.cookies)).status).toBe(200)
    t.moveClock(24 * 3600)
    expect((await enterIn(holder, {})).status).toBe(200)
  })

  test('the first wrong code of a stranger is mailed, once a day', async () => {
    const told = async ({ email }: { email: string }) =>
      (await subjectsTo(email)).filter((subject) => subject.includes('stopped at your second factor')).length
    const holder = await registerWithTotp(t)
    const { challenge } = await firstStep(t, holder)
    const body = { challenge, code: '000000' }
    await t.call('POST', '/v1/auth/second-factor', { body, cookies: holder.cookies })
    expect(await told(holder)).toBe(0)
    await guess(t, holder, 3)
    expect(await told(holder)).toBe(1)
    t.moveClock(24 * 3600)
    await guess(t, holder, 1)
    expect(await told(holder)).toBe(2)
  })
})

describe('a passkey', () => {
  test('proves the second step, and what it answers is good once', async () => {
    const person = await registerVerified(t)
    const { key, reply } = await addPasskey(t, person)
    expect(reply.status).toBe(201)
    expect(reply.body.recovery_codes).toHaveLength(10)
    const asked = await firstStep(t, person)
    expect(asked.methods).toEqual(['passkey', 'recovery-code'])
    const passkey = key.get(asked.passkey)
    const entered = await secondStep(t, asked.challenge, { passkey })
    expect(entered.status).toBe(200)
    expect(claimsOf(entered.body).amr).toEqual(['pwd', 'swk', 'user', 'mfa'])
    const again = await firstStep(t, person)
    expect((await secondStep(t, again.challenge, { passkey })).body.code).toBe('wrong-second-factor')
  })

  test('of another page, of a copy that counts backwards, or of somebody else proves nothing', async () => {
    const [person, other] = [await registerVerified(t), await registerVerified(t)]
    const { key } = await addPasskey(t, person)
    const { key: ofOther } = await addPasskey(t, other)
    const entered = await firstStep(t, person)
    expect((await secondStep(t, entered.challenge, { passkey: key.get(entered.passkey) })).status).toBe(200)
    const asked = await firstStep(t, person)
    const question = async () =>
      (await t.call('POST', '/v1/auth/second-factor/question', { body: { challenge: asked.challenge } })).body
        .passkey
    key.counter = 0
    expect((await secondStep(t, asked.challenge, { passkey: key.get(asked.passkey) })).status).toBe(401)
    expect((await secondStep(t, asked.challenge, { passkey: ofOther.get(await question()) })).status).toBe(
      401,
    )
    const elsewhere = new Authenticator('https://frontgate.evil.example')
    expect((await secondStep(t, asked.challenge, { passkey: elsewhere.get(await question()) })).status).toBe(
      401,
    )
    key.counter = 5
    expect((await secondStep(t, asked.challenge, { passkey: key.get(await question()) })).status).toBe(200)
  })

  test('that is refused uses up what was asked: it takes another offer', async () => {
    const { accessToken: as } = await registerVerified(t)
    const offer = await t.call('POST', '/v1/me/factors/passkeys/options', { as })
    const add = (origin: string) => {
      const response = new Authenticator(origin).create(offer.body)
      return t.call('POST', '/v1/me/factors/passkeys', { as, body: { name: 'A key', response } })
    }
    for (const origin of ['https://frontgate.evil.example', t.app.config.publicUrl])
      expect((await add(origin)).body.code).toBe('wrong-second-factor')
  })

  test('is listed by its name, and taken away', async () => {
    const holder = await registerWithTotp(t)
    const { reply } = await addPasskey(t, holder)
    const { passkeys } = await factors(holder.accessToken)
    expect(passkeys).toEqual([
      { id: reply.body.id, name: 'A key', created_at: expect.any(String), last_used_at: null },
    ])
    expect(reply.body.recovery_codes).toBeUndefined()
    const url = `/v1/me/factors/passkeys/${reply.body.id}`
    expect((await t.call('DELETE', url, { as: holder.accessToken })).status).toBe(204)
    expect((await factors(holder.accessToken)).methods).toEqual(['totp', 'recovery-code'])
  })
})

describe('whoever has a second factor gets in by no other way', () => {
  test('Google leads to the second step, and back to where they wanted', async () => {
    const google = atGoogle(t)
    const browser = t.browser()
    await comeBy(browser, 'google', google)
    const { body } = await t.call('POST', '/v1/auth/refresh', { cookies: cookiesOf(browser), body: {} })
    const { secret } = await addTotp(t, { accessToken: body.access_token })
    const visitor = t.browser()
    const page = await comeBy(visitor, 'google', google, { return_to: '/billing' })
    expect(page.url).toMatch(/\/sign-in\/second-factor\?return_to=%2Fbilling$/)
    const cookies = cookiesOf(visitor)
    expect((await t.call('POST', '/v1/auth/refresh', { cookies, body: {} })).status).toBe(401)
    t.moveClock(30)
    const proof = { code: codeOf(t, secret) }
    const entered = await t.call('POST', '/v1/auth/second-factor', { cookies, body: proof })
    expect(entered.status).toBe(200)
    expect(claimsOf(entered.body).amr).toEqual(['otp', 'mfa'])
  })

  test('an invite that they come with by Google waits for the second step, and so does the link', async () => {
    const [owner, holder] = [await registerVerified(t), await registerWithTotp(t)]
    const { token } = await invited(t, owner, holder.email)
    const visitor = t.browser()
    const person = atGoogle(t, { email: holder.email })
    const page = await comeBy(visitor, 'google', person, { invite_token: token })
    expect(new URL(page.url).pathname).toBe('/sign-in/second-factor')
    expect(new URL(page.url).searchParams.get('invite_token')).toBe(token)
    expect(await membersOf(t, owner.accountId)).not.toHaveProperty(holder.userId)
    expect(await identitiesOf(t, holder.accessToken)).toEqual([])
    const body = { code: nextCode(t, holder), token_delivery: 'body' }
    const entered = await t.call('POST', '/v1/auth/second-factor', { cookies: cookiesOf(visitor), body })
    expect(entered.status).toBe(200)
    const joined = await accept(t, { accessToken: entered.body.access_token } as Person, token)
    expect(joined.body.account.id).toBe(owner.accountId)
  })

  test('nor does a new password: it takes no factor away, and opens nothing by itself', async () => {
    const holder = await registerWithTotp(t)
    await t.call('POST', '/v1/auth/password/forgot', { body: { email: holder.email } })
    const token = await tokenFor(t, '/reset-password', holder.email)
    const password = 'quite another staple battery'
    const reset = await t.call('POST', '/v1/auth/password/reset', { body: { token, password } })
    expect(reset.status).toBe(204)
    expect(reset.cookies.frontgate_session).toBeUndefined()
    expect((await signIn(t, holder.email, password)).body.code).toBe('second-factor-required')
  })

  test('nor does a first step from before somebody’s factors were reset lead on', async () => {
    const { resetFactors } = await import('../../src/identity/secondFactor/resetFactors.ts')
    const { inTx } = await import('../../src/db/transaction.ts')
    const { systemCaller } = await import('../../src/http/actor.ts')
    const holder = await registerWithTotp(t)
    const { challenge } = await firstStep(t, holder)
    const order = { userId: holder.userId, reason: 'They lost it' }
    expect(await inTx(t.app, (tx) => resetFactors(tx, systemCaller, order, t.app.now()))).toBe(true)
    const question = await t.call('POST', '/v1/auth/second-factor/question', { body: { challenge } })
    expect(question.body.code).toBe('challenge-over')
    expect((await signIn(t, holder.email)).status).toBe(200)
  })

  test('nor does a session begin by any other hand: the database function that begins one refuses', async () => {
    const { beginSession, newSessionId } = await import('../../src/identity/sessions.ts')
    const { inTx } = await import('../../src/db/transaction.ts')
    const { systemCaller } = await import('../../src/http/actor.ts')
    const { userId } = await registerWithTotp(t)
    const method = 'mail-link' as const
    const begin = inTx(t.app, (tx) =>
      beginSession(
        tx,
        systemCaller,
        t.app.config,
        { sessionId: newSessionId(), userId, method, credentialsVersion: 1, factor: null },
        t.app.now(),
      ),
    )
    await expect(begin).rejects.toThrow('overloaded')
  })
})
