import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailedToken, newAddress, PASSWORD, register } from '../support/people.ts'
import { startTestApp, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

describe('201', () => {
  test('a stranger becomes the owner of an account on trial, and a verification mail goes out', async () => {
    const email = newAddress()
    const reply = await t.call('POST', '/v1/auth/register', {
      body: { email, password: PASSWORD, token_delivery: 'body' },
    })
    expect(reply.status).toBe(201)
    expect(reply.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 600,
      user: { email, email_verified: false },
      account: { role: 'owner' },
    })
    const state = await t.call('GET', '/v1/billing/state', { as: reply.body.access_token })
    expect(state.body).toMatchObject({
      has_pro_entitlement: true,
      plan: 'pro',
      reason: 'trial',
      subscription: { status: 'trialing', source: 'trial', trial_days_remaining: 14 },
    })
    const guarded = await t.call('GET', '/v1/forward-auth?require=plan:pro', { as: reply.body.access_token })
    expect(guarded.status).toBe(200)
    expect(guarded.headers['x-frontgate-plan']).toBe('pro')
    expect(await mailedToken(t, email)).toMatch(/^[\w-]{43}$/)
  })

  test('after the trial the same token family is answered 402 and no row has changed', async () => {
    const person = await register(t)
    await t.advance(14 * 86_400)
    const refreshed = await t.call('POST', '/v1/auth/refresh', {
      body: { refresh_token: person.refreshToken },
    })
    expect(refreshed.status).toBe(200)
    const state = await t.call('GET', '/v1/billing/state', { as: refreshed.body.access_token })
    expect(state.body).toMatchObject({ plan: 'free', reason: 'trial-expired', has_pro_entitlement: false })
  })
})
