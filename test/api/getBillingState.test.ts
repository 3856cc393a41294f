import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Person, register, signIn } from '../support/people.ts'
import { DAY_SECONDS, endGrant, giveGrant, instant } from '../support/staff.ts'
import { startTestApp, startTestAppWith, type TestApp } from '../support/testApp.ts'

let t: TestApp
beforeAll(async () => {
  t = await startTestApp()
})
afterAll(() => t.close())

/** What the account of a person is on, asked with a token of this moment. */
async function stateOf(person: Person, on = t) {
  const { body } = await signIn(on, person.email)
  const reply = await on.call('GET', '/v1/billing/state', { as: body.access_token })
  expect(reply.status).toBe(200)
  return reply.body
}

describe('200', () => {
  test('has every field of the contract, and no other', async () => {
    const person = await register(t)
    const reply = await t.call('GET', '/v1/billing/state', { as: person.accessToken })
    const [year, month] = [t.app.now().getUTCFullYear(), t.app.now().getUTCMonth()]
    expect(reply.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(reply.body).toEqual({
      account_id: person.accountId,
      has_pro_entitlement: true,
      plan: 'pro',
      reason: 'trial',
      subscription: {
        status: 'trialing',
        source: 'trial',
        interval: null,
        trial_ends_at: instant(t, 14 * DAY_SECONDS),
        trial_days_remaining: 14,
        current_period_end: null,
        cancel_at_period_end: false,
        ends_at: null,
        grace_ends_at: null,
        scheduled_change: null,
        seats: { purchased: null, used: 1, pending: 0, limit: 5 },
      },
      plan_limits: { members: 5, trees: 100, kb_conversions: { per: 'month', amount: 50 } },
      plan_billing: {
        plan: 'pro',
        display_name: 'Pro',
        currency: 'usd',
        month: 2900,
        year: 29000,
        per_seat: false,
      },
      features: { flowpilot: true, scripts: true },
      usage: {
        kb_conversions: {
          used: 0,
          limit: 50,
          resets_at: new Date(Date.UTC(year, month + 1, 1)).toISOString(),
        },
      },
      actions: { checkout: false, portal: false },
      stripe_enabled: false,
    })
  })

  test('a trial is over at its end, not a millisecond before or after', async () => {
    const person = await register(t)
    await t.advance(14 * DAY_SECONDS - 0.001)
    expect(await stateOf(person)).toMatchObject({
      has_pro_entitlement: true,
      subscription: { status: 'trialing', trial_days_remaining: 1 },
    })
    const endsAt = instant(t, 0.001)
    await t.advance(0.001)
    expect(await stateOf(person)).toMatchObject({
      has_pro_entitlement: false,
      plan: 'free',
      reason: 'trial-expired',
      subscription: { status: 'trial_expired', source: null, trial_ends_at: endsAt, trial_days_remaining: 0 },
      plan_limits: { members: 3, trees: 1, kb_conversions: { per: 'month', amount: 0 } },
      plan_billing: { plan: 'free', currency: null, month: null, year: null },
      features: { flowpilot: false, scripts: false },
    })
  })

  test('a trial that is extended after its end shows its new end, and the account is open again', async () => {
    const person = await register(t)
    await t.advance(15 * DAY_SECONDS)
    const until = instant(t, 5 * DAY_SECONDS)
    await giveGrant(t, person.accountId, { source: 'trial', plan: 'pro', until })
    expect(await stateOf(person)).toMatchObject({
      has_pro_entitlement: true,
      reason: 'trial',
      subscription: { status: 'trialing', trial_ends_at: until, trial_days_remaining: 5 },
    })
  })

  test('complimentary, with an end and without, and what shows when it is over', async () => {
    const person = await register(t)
    const forever = await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    expect(await stateOf(person)).toMatchObject({
      plan: 'team',
      reason: 'complimentary',
      subscription: { status: 'complimentary', source: 'complimentary', ends_at: null },
      plan_billing: { plan: 'team', per_seat: true },
      actions: { portal: false },
    })
    await endGrant(t, forever)
    const until = instant(t, 3 * DAY_SECONDS)
    await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'enterprise', until })
    expect(await stateOf(person)).toMatchObject({
      plan: 'enterprise',
      subscription: { ends_at: until, seats: { limit: null } },
      plan_limits: { members: null, kb_conversions: { per: 'month', amount: null } },
      usage: { kb_conversions: { limit: null } },
    })
    await t.advance(3 * DAY_SECONDS)
    expect(await stateOf(person)).toMatchObject({
      plan: 'pro',
      subscription: { status: 'trialing', ends_at: null },
    })
  })

  test('an override gives a plan without a status of its own', async () => {
    const person = await register(t)
    await giveGrant(t, person.accountId, { source: 'override', plan: 'team' })
    expect(await stateOf(person)).toMatchObject({
      plan: 'team',
      reason: 'override',
      subscription: { status: 'trialing', source: 'override' },
    })
  })

  test('without a trial an account is free and has never subscribed', async () => {
    const none = await startTestAppWith({ TRIAL_DAYS: '0' }, { work: false })
    const person = await register(none)
    expect(await stateOf(person, none)).toMatchObject({
      plan: 'free',
      reason: 'never-subscribed',
      subscription: { status: 'none', trial_ends_at: null, trial_days_remaining: null },
    })
  })

  test('what an operator does shows in the next answer', async () => {
    const person = await register(t)
    const ask = () =>
      t.call('GET', '/v1/billing/state', { as: person.accessToken }).then(({ body }) => body.plan)
    expect(await ask()).toBe('pro')
    const id = await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    expect(await ask()).toBe('team')
    await endGrant(t, id)
    expect(await ask()).toBe('pro')
  })
})

describe('304', () => {
  async function taggedState(person: Pick<Person, 'accessToken'>) {
    const { headers } = await t.call('GET', '/v1/billing/state', { as: person.accessToken })
    const etag = String(headers.etag)
    const ask = (tags: string) =>
      t.call('GET', '/v1/billing/state', { as: person.accessToken, headers: { 'if-none-match': tags } })
    return { etag, ask, headers }
  }

  test('for the tag of the state, alone, among others, weakened by a proxy, or any', async () => {
    const { etag, ask, headers } = await taggedState(await register(t))
    expect(etag).toMatch(/^"[^"]+"$/)
    expect(headers['cache-control']).toBe('private, no-cache')
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, `"other",W/${etag}`, '*']) {
      const reply = await ask(tags)
      expect(reply.status, tags).toBe(304)
      expect(reply.text).toBe('')
      expect(reply.headers.etag).toBe(etag)
    }
  })

  test('not for another tag, nor once the state has changed', async () => {
    const person = await register(t)
    const { etag, ask } = await taggedState(person)
    expect((await ask('"other"')).status).toBe(200)
    expect((await ask(etag.slice(0, -2))).status).toBe(200)
    await giveGrant(t, person.accountId, { source: 'complimentary', plan: 'team' })
    const changed = await ask(etag)
    expect(changed.status).toBe(200)
    expect(changed.headers.etag).not.toBe(etag)
  })

  test('until time alone has changed it: a day of the trial has gone', async () => {
    const { email } = await register(t)
    await t.advance(DAY_SECONDS - 60)
    const { body } = await signIn(t, email)
    const { etag, ask } = await taggedState({ accessToken: body.access_token })
    await t.advance(59)
    expect((await ask(etag)).status).toBe(304)
    await t.advance(1)
    const counted = await ask(etag)
    expect(counted.status).toBe(200)
    expect(counted.body.subscription.trial_days_remaining).toBe(13)
  })
})

describe('401, 403', () => {
  test('a stranger, and somebody who is in no account', async () => {
    expect((await t.call('GET', '/v1/billing/state')).status).toBe(401)
    const person = await register(t)
    await t.app.pool.query('delete from members where user_id = $1', [person.userId])
    const { body } = await signIn(t, person.email)
    const reply = await t.call('GET', '/v1/billing/state', { as: body.access_token })
    expect(reply.status).toBe(403)
    expect(reply.body.code).toBe('forbidden')
  })
})
