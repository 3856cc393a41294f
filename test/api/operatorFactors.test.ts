import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Authenticator } from '../support/authenticator.ts'
import { tablesNaming } from '../support/dump.ts'
import {
  askedForFactor,
  newOperator,
  newPasskey,
  operatorLink,
  protectedOperator,
  proveOperator,
  signInOperator,
  totpCode,
} from '../support/operators.ts'
import { operatorToken } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

const MINUTE = 60
const AT_ONCE = 8
const FACTORS = '/v1/operator/auth/factors'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp({ OPERATORS_NEED_SECOND_FACTOR: 'true' })
})
afterAll(() => t.close())
// Past the throttle of the test before, and on to the next code.
beforeEach(() => t.moveClock(2 * MINUTE))

const call = (method: 'GET' | 'POST' | 'DELETE', path: string, as: string, body?: object) =>
  t.call(method, `${FACTORS}${path}`, { as, ...(body && { body }) })
const looks = async (as: string) => (await t.call('GET', '/v1/operator/catalogue', { as })).status
const outcome = ({ status, body }: { status: number; body: { code?: string } | null }) => [status, body?.code]

async function trailOf(id: string): Promise<string[]> {
  const { rows } = await t.app.pool.query<{ action: string }>(
    `select action from audit_log where actor_id = $1 or details ->> 'operator' = $1::text order by at, id`,
    [id],
  )
  return rows.map(({ action }) => action)
}

describe('an operator without a second factor', () => {
  test('can do nothing but set one up, and everything from then on', async () => {
    const email = await newOperator(t)
    const { body, cookies } = await signInOperator(t, email)
    expect(body).toMatchObject({ second_factor_setup_required: true, operator: { email, role: 'admin' } })
    const as = body.access_token
    const refused = await t.call('GET', '/v1/operator/accounts', { as })
    expect(outcome(refused)).toEqual([403, 'second-factor-setup-required'])
    expect((await call('GET', '', as)).body).toEqual({
      required: true,
      methods: [],
      totp: null,
      passkeys: [],
      recovery_codes_left: 0,
    })
    const { body: offer } = await call('POST', '/totp', as)
    expect(offer.uri).toContain(encodeURIComponent(email))
    expect(outcome(await call('POST', '/totp/confirm', as, { code: '000000' }))).toEqual([
      401,
      'wrong-second-factor',
    ])
    expect(await looks(as)).toBe(403)
    const confirmed = await call('POST', '/totp/confirm', as, { code: totpCode(t, offer.secret) })
    expect(confirmed.status).toBe(200)
    expect(confirmed.body.recovery_codes).toHaveLength(10)
    expect(await looks(as)).toBe(200)
    const again = await t.call('POST', '/v1/operator/auth/refresh', { cookies })
    expect(again.body.second_factor_setup_required).toBe(false)
    expect((await t.mailsTo(email))[0]?.subject).toContain('second factor')
    expect(await trailOf(body.operator.id)).toEqual(
      expect.arrayContaining([
        'operator.signed-in',
        'operator.second-factor-refused',
        'operator.factor-added',
      ]),
    )
  })

  test('sets one up in one of several sessions, and the others end', async () => {
    const email = await newOperator(t)
    const one = await signInOperator(t, email)
    t.moveClock(2 * MINUTE)
    const other = await signInOperator(t, email)
    const { body: offer } = await call('POST', '/totp', one.body.access_token)
    const code = { code: totpCode(t, offer.secret) }
    expect((await call('POST', '/totp/confirm', one.body.access_token, code)).status).toBe(200)
    expect(outcome(await call('POST', '/totp', other.body.access_token))).toEqual([401, 'session-expired'])
    expect((await t.call('POST', '/v1/operator/auth/refresh', { cookies: other.cookies })).status).toBe(401)
  })

  test('whose token the command line printed is asked for none', async () => {
    expect(await looks(await operatorToken(t))).toBe(200)
  })
})

describe('an operator with a second factor', () => {
  test('is asked for it after the link, which is used up by that', async () => {
    const { email, secret, id } = await protectedOperator(t)
    const link = await operatorLink(t, email)
    const asked = await t.call('POST', '/v1/operator/auth/sign-in', { body: { token: link } })
    expect(outcome(asked)).toEqual([401, 'second-factor-required'])
    expect(asked.body).toMatchObject({ methods: ['totp', 'recovery-code'], passkey: null })
    expect(asked.cookies).toEqual({})
    const again = await t.call('POST', '/v1/operator/auth/sign-in', { body: { token: link } })
    expect(outcome(again)).toEqual([410, 'token-used'])

    const { challenge } = asked.body
    expect(outcome(await proveOperator(t, challenge, { code: '000000' }))).toEqual([
      401,
      'wrong-second-factor',
    ])
    const code = totpCode(t, secret)
    const entered = await proveOperator(t, challenge, { code })
    expect(entered.status).toBe(200)
    expect(await looks(entered.body.access_token)).toBe(200)
    expect(Object.keys(entered.cookies)).toEqual(['frontgate_operator'])
    expect(outcome(await proveOperator(t, challenge, { code }))).toEqual([410, 'challenge-over'])
    expect((await trailOf(id)).slice(-5)).toEqual([
      'operator.link-requested',
      'operator.link-followed',
      'operator.second-factor-refused',
      'operator.signed-in',
      'operator.read-catalogue',
    ])
    expect(await tablesNaming(t, [challenge, code])).toEqual([])
  })

  test('enters once with a challenge, however often it comes at once', async () => {
    const { email, recoveryCodes } = await protectedOperator(t)
    const { body } = await askedForFactor(t, email)
    const replies = await Promise.all(
      recoveryCodes
        .slice(0, AT_ONCE)
        .map((code) => proveOperator(t, body.challenge, { recovery_code: code })),
    )
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(AT_ONCE - 1).fill(410)])
  })

  test('uses a code once, also for two challenges at once', async () => {
    const { email, secret } = await protectedOperator(t)
    const first = await askedForFactor(t, email)
    const code = totpCode(t, secret)
    const replies = await Promise.all(
      Array.from({ length: AT_ONCE }, () => proveOperator(t, first.body.challenge, { code })),
    )
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    t.moveClock(2 * MINUTE)
    const second = await askedForFactor(t, email)
    expect(outcome(await proveOperator(t, second.body.challenge, { code }))).toEqual([
      401,
      'wrong-second-factor',
    ])
  })

  test('comes in with a passkey', async () => {
    const { email, accessToken } = await protectedOperator(t)
    const key = new Authenticator(t.app.config.publicUrl)
    const added = await call('POST', '/passkeys', accessToken, await newPasskey(t, accessToken, key))
    expect(added.status).toBe(201)
    expect(added.body).toEqual({ id: expect.any(String) })
    const { body } = await askedForFactor(t, email)
    expect(body.methods).toEqual(['totp', 'passkey', 'recovery-code'])
    expect((await proveOperator(t, body.challenge, { passkey: key.get(body.passkey) })).status).toBe(200)
    const stranger = new Authenticator(t.app.config.publicUrl)
    t.moveClock(2 * MINUTE)
    const next = await askedForFactor(t, email)
    const wrong = await proveOperator(t, next.body.challenge, { passkey: stranger.get(next.body.passkey) })
    expect(outcome(wrong)).toEqual([401, 'wrong-second-factor'])
  })

  test('who guesses is stopped: five times a challenge, ten a quarter of an hour', async () => {
    const { email, secret } = await protectedOperator(t)
    const guess = (challenge: string) => proveOperator(t, challenge, { code: '000000' })
    const first = (await askedForFactor(t, email)).body.challenge
    const replies = await Promise.all(Array.from({ length: 8 }, () => guess(first)))
    expect(replies.map(({ status }) => status).sort()).toEqual([...Array(5).fill(401), 429, 429, 429])
    expect((await proveOperator(t, first, { code: totpCode(t, secret) })).status).toBe(429)
    t.moveClock(2 * MINUTE)
    const second = (await askedForFactor(t, email)).body.challenge
    for (let i = 0; i < 5; i++) expect((await guess(second)).status).toBe(401)
    t.moveClock(2 * MINUTE)
    const third = (await askedForFactor(t, email)).body.challenge
    expect((await guess(third)).status).toBe(429)
    t.moveClock(15 * MINUTE)
    const fourth = (await askedForFactor(t, email)).body.challenge
    expect((await proveOperator(t, fourth, { code: totpCode(t, secret) })).status).toBe(200)
  })

  test('has ten minutes, and no challenge once the factor is reset or they are removed', async () => {
    const { email, secret } = await protectedOperator(t)
    const slow = (await askedForFactor(t, email)).body.challenge
    t.moveClock(10 * MINUTE)
    expect(outcome(await proveOperator(t, slow, { code: totpCode(t, secret) }))).toEqual([
      410,
      'challenge-over',
    ])

    const { id, recoveryCodes, accessToken } = await protectedOperator(t)
    const admin = await operatorToken(t)
    const { rows } = await t.app.pool.query('select email from operators where id = $1', [id])
    const open = (await askedForFactor(t, rows[0].email)).body.challenge
    const reset = await t.call('POST', `/v1/operator/operators/${id}/reset-factors`, {
      as: admin,
      body: { reason: 'Lost the telephone' },
    })
    expect(reset.status).toBe(204)
    const late = await proveOperator(t, open, { recovery_code: recoveryCodes[0] })
    expect(outcome(late)).toEqual([410, 'challenge-over'])
    expect(await looks(accessToken)).toBe(401)
    expect((await t.mailsTo(rows[0].email))[0]?.subject).toContain('was reset')
    t.moveClock(2 * MINUTE)
    const anew = await signInOperator(t, rows[0].email)
    expect(anew.body.second_factor_setup_required).toBe(true)
  })
})

describe('changing factors', () => {
  test('takes a sign-in of the last ten minutes, and leaves one where operators need one', async () => {
    const { accessToken: as, cookies, email } = await protectedOperator(t)
    expect(outcome(await call('DELETE', '/totp', as))).toEqual([409, 'last-second-factor'])
    expect((await call('GET', '', as)).body.totp).not.toBeNull()
    const added = await call('POST', '/passkeys', as, await newPasskey(t, as))
    expect((await call('DELETE', '/totp', as)).status).toBe(204)
    const codes = await call('POST', '/recovery-codes', as)
    expect(codes.body.recovery_codes).toHaveLength(10)
    t.moveClock(10 * MINUTE + 1)
    const { body } = await t.call('POST', '/v1/operator/auth/refresh', { cookies })
    const later = await call('DELETE', `/passkeys/${added.body.id}`, body.access_token)
    expect(outcome(later)).toEqual([403, 'recent-sign-in-required'])
    const listed = await call('GET', '', body.access_token)
    expect(listed.body).toMatchObject({ methods: ['passkey', 'recovery-code'], recovery_codes_left: 10 })
    expect((await askedForFactor(t, email)).body.methods).toEqual(['passkey', 'recovery-code'])
  })
})
