import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { register, registerVerified } from '../support/people.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

describe('201', () => {
  test('after the trial the same token family is answered without the plan', async () => {
    const u = await startTestAppWith({})
    const person = await register(u)
    await u.advance(14 * 86_400 - 1)
    const before = await u.call('POST', '/v1/auth/refresh', { body: { refresh_token: person.refreshToken } })
    const state = (as: string) => u.call('GET', '/v1/billing/state', { as })
    expect((await state(before.body.access_token)).body).toMatchObject({ plan: 'pro', reason: 'trial' })
    await u.advance(1)
    expect((await state(before.body.access_token)).body).toMatchObject({
      plan: 'free',
      reason: 'trial-expired',
      has_pro_entitlement: false,
    })
  })

  test('with TRIAL_DAYS=0 there is an account and no trial', async () => {
    const u = await startTestAppWith({ TRIAL_DAYS: '0' })
    const { accessToken } = await register(u)
    const state = await u.call('GET', '/v1/billing/state', { as: accessToken })
    expect(state.body).toMatchObject({
      plan: 'free',
      has_pro_entitlement: false,
      subscription: { status: 'none' },
    })
  })

  test('a second account of the same user has no trial', async () => {
    const person = await register(t)
    const created = await t.call('POST', '/v1/accounts', { as: person.accessToken, body: { name: 'Second' } })
    expect(created.status).toBe(201)
    const switched = await t.call('POST', '/v1/auth/switch-account', {
      as: person.accessToken,
      body: { account_id: created.body.id },
    })
    const state = await t.call('GET', '/v1/billing/state', { as: switched.body.access_token })
    expect(state.body).toMatchObject({
      plan: 'free',
      has_pro_entitlement: false,
      subscription: { status: 'none' },
    })
  })

  test('an address that was verified and deleted is free again, without a second trial', async () => {
    const person = await registerVerified(t)
    expect((await t.call('DELETE', '/v1/me', { as: person.accessToken, body: {} })).status).toBe(204)
    const again = await register(t, { email: person.email })
    expect(again.userId).not.toBe(person.userId)
    const state = await t.call('GET', '/v1/billing/state', { as: again.accessToken })
    expect(state.body).toMatchObject({
      plan: 'free',
      has_pro_entitlement: false,
      subscription: { status: 'none' },
    })
  })

  test('an address that was never verified takes its trial along only once', async () => {
    const first = await register(t)
    // Its mail goes out before the next one's, which must be the newest.
    await t.settled()
    await t.call('DELETE', '/v1/me', { as: first.accessToken, body: {} })
    const second = await registerVerified(t, { email: first.email })
    const state = (as: string) => t.call('GET', '/v1/billing/state', { as })
    expect((await state(second.accessToken)).body.plan).toBe('pro')
    await t.call('DELETE', '/v1/me', { as: second.accessToken, body: {} })
    const third = await registerVerified(t, { email: first.email })
    expect((await state(third.accessToken)).body.plan).toBe('free')
  })
})
