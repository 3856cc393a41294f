import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operatorToken, register, registerVerified } from '../support/people.ts'
import { DAY_SECONDS, instant } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

/** Verifies a token the way a product does that knows nothing but the key set. */
async function verify(accessToken: string, on = t, audience = 'http://localhost:4000') {
  const { body } = await on.call('GET', '/.well-known/jwks.json')
  return jwtVerify(accessToken, createLocalJWKSet(body), {
    issuer: 'http://localhost:4000',
    audience,
    typ: 'at+jwt',
    algorithms: ['EdDSA'],
    currentDate: on.app.now(),
  })
}

describe('200', () => {
  test('public keys only, good for five minutes', async () => {
    const reply = await t.call('GET', '/.well-known/jwks.json')
    expect(reply.status).toBe(200)
    expect(reply.headers['cache-control']).toBe('public, max-age=300')
    expect(reply.body).toEqual({
      keys: [
        {
          kty: 'OKP',
          crv: 'Ed25519',
          x: expect.stringMatching(/^[\w-]{43}$/),
          kid: expect.stringMatching(/^[0-9a-f-]{36}$/),
          alg: 'EdDSA',
          use: 'sig',
        },
      ],
    })
  })

  test('a product accepts our token with them, and reads who it is and what their account has', async () => {
    const person = await registerVerified(t)
    const unverified = await register(t)
    const { payload } = await verify(unverified.accessToken)
    const seconds = Math.floor(t.app.now().getTime() / 1000)
    expect(payload).toEqual({
      iss: 'http://localhost:4000',
      aud: 'http://localhost:4000',
      amr: ['pwd'],
      sub: unverified.userId,
      sid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      account_id: unverified.accountId,
      role: 'owner',
      email_verified: false,
      verification_grace_ends_at: instant(t, 7 * DAY_SECONDS),
      ent: {
        plan: 'pro',
        source: 'trial',
        until: instant(t, 14 * DAY_SECONDS),
        reason: null,
        opens: ['free', 'pro'],
        features: ['flowpilot', 'scripts'],
      },
      iat: seconds,
      exp: seconds + 600,
    })
    const refreshed = await t.call('POST', '/v1/auth/refresh', {
      body: { refresh_token: person.refreshToken },
    })
    expect((await verify(refreshed.body.access_token)).payload).toMatchObject({
      email_verified: true,
      verification_grace_ends_at: null,
    })
  })

  test('an account without a grant is on the free plan, with no source and no end', async () => {
    const none = await startTestAppWith({ TRIAL_DAYS: '0' }, { work: false })
    const { payload } = await verify((await register(none)).accessToken, none)
    expect(payload.ent).toEqual({
      ...{ plan: 'free', source: null, until: null, reason: 'never-subscribed' },
      ...{ opens: ['free'], features: [] },
    })
  })

  test('a token for operators is none for products', async () => {
    await expect(verify(await operatorToken(t))).rejects.toThrow(/aud/)
  })

  test('tokens are for the audience of the settings', async () => {
    const other = await startTestAppWith({ TOKEN_AUDIENCE: 'https://product.example' }, { work: false })
    const { accessToken } = await register(other)
    await expect(verify(accessToken, other)).rejects.toThrow(/aud/)
    await verify(accessToken, other, 'https://product.example')
    expect((await other.call('GET', '/v1/forward-auth', { as: accessToken })).status).toBe(200)
  })
})
