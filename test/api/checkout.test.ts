import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ASKS_FOR_CONFIRMATION,
  atStripe,
  bill,
  buyer,
  checkout,
  DECLINED,
  freshToken,
  pay,
  registerWithoutTrial,
  stateOf,
  subscriptionOf,
} from '../support/buyers.ts'
import { newAddress, register } from '../support/people.ts'
import { setOverride } from '../support/staff.ts'
import { type StripeApp, startStripeApp, startStripeAppWith } from '../support/stripeApp.ts'
import { startTestAppWith } from '../support/testApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

const sessionsOf = (customer: string) => t.stripe.store.listOf('checkout.session', customer)
const HOUR = 3_600

describe('201', () => {
  test('a page to pay on, that opens pro once it is paid', async () => {
    const person = await registerWithoutTrial(t)
    const reply = await checkout(t, person)
    expect(reply.status).toBe(201)
    expect(reply.body).toEqual({
      id: expect.stringMatching(/^cs_/),
      url: expect.stringMatching(/^http:\/\/localhost:4100\/stripe\//),
      expires_at: expect.any(String),
    })
    expect(await stateOf(t, person)).toMatchObject({
      plan: 'free',
      actions: { checkout: true, portal: false },
    })
    expect(pay(t, reply.body.id).outcome).toBe('complete')
    await t.flush()
    expect(await stateOf(t, person)).toMatchObject({
      has_pro_entitlement: true,
      plan: 'pro',
      reason: 'stripe',
      subscription: { status: 'active', source: 'stripe', interval: 'month', seats: { purchased: null } },
      actions: { checkout: false, portal: true },
      stripe_enabled: true,
    })
  })

  test('the trial that is left is carried over, and the one of ours keeps its start', async () => {
    const person = await register(t)
    const before = (await stateOf(t, person)).subscription.trial_ends_at
    const { body } = await checkout(t, person)
    pay(t, body.id)
    await t.flush()
    const { trial_end, status } = await subscriptionOf(t, person)
    expect(status).toBe('trialing')
    expect(trial_end).toBe(Math.floor(Date.parse(before) / 1000))
    const { rows } = await t.app.pool.query(
      `select from_at from grants where account_id = $1 and source = 'trial'`,
      [person.accountId],
    )
    expect(rows).toEqual([{ from_at: t.app.now() }])
    expect((await stateOf(t, person)).subscription).toMatchObject({ status: 'trialing', source: 'stripe' })
  })

  test('less than 48 hours of trial are not carried: the payment is taken at once', async () => {
    const late = await startStripeAppWith()
    const person = await register(late)
    late.moveClock(12 * 24 * HOUR + 1)
    await freshToken(late, person)
    const { body } = await checkout(late, person)
    pay(late, body.id)
    expect(await subscriptionOf(late, person)).toMatchObject({ status: 'active', trial_end: null })
  })

  test('the same wish gets the same page, another wish expires it first', async () => {
    const person = await registerWithoutTrial(t)
    const first = await checkout(t, person)
    expect((await checkout(t, person)).body).toEqual(first.body)
    const other = await checkout(t, person, { interval: 'year' })
    expect(other.body.id).not.toBe(first.body.id)
    expect(t.stripe.store.get('checkout.session', first.body.id)?.status).toBe('expired')
    const again = await checkout(t, person)
    expect(again.body.id).not.toBe(first.body.id)
    const customer = t.stripe.store.get('checkout.session', again.body.id)?.customer as string
    expect(sessionsOf(customer).map(({ status }) => status)).toEqual(['expired', 'expired', 'open'])
  })

  test('a page that ran out is replaced', async () => {
    const own = await startStripeAppWith()
    const person = await registerWithoutTrial(own)
    const first = await checkout(own, person)
    await own.advance(24 * HOUR)
    await freshToken(own, person)
    const again = await checkout(own, person)
    expect(again.status).toBe(201)
    expect(again.body.id).not.toBe(first.body.id)
  })

  test('seats are at least as many as there are members', async () => {
    const person = await buyer(t, { plan: 'team', seats: 4 })
    expect((await subscriptionOf(t, person)).items.data[0]?.quantity).toBe(4)
    expect((await stateOf(t, person)).subscription.seats).toMatchObject({ purchased: 4, limit: 50 })

    const crowded = await registerWithoutTrial(t)
    for (const { userId } of [await register(t), await register(t)]) {
      await t.app.db
        .insertInto('members')
        .values({ account_id: crowded.accountId, user_id: userId, role: 'member', created_at: t.app.now() })
        .execute()
    }
    await freshToken(t, crowded)
    pay(t, (await checkout(t, crowded, { plan: 'team', seats: 1 })).body.id)
    expect((await subscriptionOf(t, crowded)).items.data[0]?.quantity).toBe(3)
  })

  test.each([
    { override: 'more', limit: 100, members: 56 },
    { override: 'fewer', limit: 2, members: 3 },
  ])('as many seats as there are members, also where an override allows $override', async (given) => {
    const crowded = await registerWithoutTrial(t)
    await t.app.pool.query(
      `with joining as (
        insert into users (id, email, created_at)
        select gen_random_uuid(), 'crowd-' || $1::uuid || '-' || n || '@example.com', now() from generate_series(2, $2::int) n returning id)
      insert into members (account_id, user_id, role, created_at) select $1::uuid, id, 'member', now() from joining`,
      [crowded.accountId, given.members],
    )
    await setOverride(t, crowded.accountId, 'limits/members', given.limit)
    await freshToken(t, crowded)
    const tooMany = await checkout(t, crowded, { plan: 'team', seats: 101 })
    expect(tooMany.body.errors).toEqual([
      { pointer: '#/seats', detail: `This account has ${given.limit} seats at most` },
    ])
    pay(t, (await checkout(t, crowded, { plan: 'team' })).body.id)
    expect((await subscriptionOf(t, crowded)).items.data[0]?.quantity).toBe(given.members)
  })

  test('422 for a promotion code that this buyer may not use', async () => {
    const person = await buyer(t)
    await t.sdk.subscriptions.cancel((await subscriptionOf(t, person)).id)
    await t.flush()
    const coupon = await t.sdk.coupons.create({ percent_off: 10, duration: 'once' })
    const { code } = await t.sdk.promotionCodes.create({
      promotion: { type: 'coupon', coupon: coupon.id },
      restrictions: { first_time_transaction: true },
    })
    const reply = await checkout(t, person, { promotion_code: code })
    expect(reply.status).toBe(422)
    expect(reply.body.errors).toMatchObject([{ pointer: '#/promotion_code' }])
    expect((await checkout(t, person)).status).toBe(201)
  })

  test('a promotion code is found by its letters', async () => {
    const coupon = await t.sdk.coupons.create({ percent_off: 10, duration: 'once' })
    const code = `TEN${Math.floor(Math.random() * 1e9)}`
    await t.sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, code })
    const person = await buyer(t, { promotion_code: code })
    const { latest_invoice } = await subscriptionOf(t, person)
    expect(t.stripe.store.get('invoice', latest_invoice as string)).toMatchObject({ total: 2610 })
    const unknown = await checkout(t, await register(t), { promotion_code: 'NO-SUCH-CODE' })
    expect(unknown.status).toBe(422)
    expect(unknown.body.errors).toMatchObject([{ pointer: '#/promotion_code' }])
  })

  test('somebody else’s customer with the same address is left alone', async () => {
    const email = newAddress()
    const stranger = await t.sdk.customers.create({ email })
    const person = await register(t, { email })
    const { body } = await checkout(t, person)
    expect(t.stripe.store.get('checkout.session', body.id)?.customer).not.toBe(stranger.id)
  })

  test('a customer that was deleted at Stripe is replaced', async () => {
    const person = await buyer(t)
    const { customer } = await subscriptionOf(t, person)
    await t.sdk.customers.del(customer as string)
    await t.flush()
    expect(await stateOf(t, person)).toMatchObject({ plan: 'free', reason: 'canceled' })
    const again = await checkout(t, person)
    expect(again.status).toBe(201)
    pay(t, again.body.id)
    await t.flush()
    expect(await stateOf(t, person)).toMatchObject({ plan: 'pro', subscription: { status: 'active' } })
    expect(await atStripe(t, person)).toHaveLength(2)
  })

  test('a customer that was deleted before anything was bought is replaced too', async () => {
    const person = await registerWithoutTrial(t)
    const first = await checkout(t, person)
    await t.sdk.customers.del(t.stripe.store.get('checkout.session', first.body.id)?.customer as string)
    const again = await checkout(t, person, { interval: 'year' })
    expect(again.status).toBe(201)
    expect(pay(t, again.body.id).outcome).toBe('complete')
  })

  test('a complimentary account may buy, and is billed', async () => {
    const person = await registerWithoutTrial(t)
    await t.app.pool.query(
      `insert into grants (id, account_id, source, plan, from_at, reason, granted_by, created_at)
       values (gen_random_uuid(), $1, 'complimentary', 'pro', $2, 'friend', 'test', $2)`,
      [person.accountId, t.app.now()],
    )
    expect(await stateOf(t, person)).toMatchObject({
      subscription: { status: 'complimentary', source: 'complimentary', ends_at: null },
      actions: { checkout: true, portal: false },
    })
    const { body } = await checkout(t, person)
    pay(t, body.id)
    await t.flush()
    expect((await stateOf(t, person)).subscription).toMatchObject({ status: 'active', source: 'stripe' })
    await t.sdk.subscriptions.cancel((await subscriptionOf(t, person)).id)
    await t.flush()
    expect(await stateOf(t, person)).toMatchObject({
      has_pro_entitlement: true,
      subscription: { status: 'complimentary', source: 'complimentary' },
    })
  })
})

test('one connection after many checkouts still opens one', async () => {
  const own = await startStripeAppWith({ DATABASE_POOL_SIZE: '2' })
  for (let i = 0; i < 8; i++) expect((await checkout(own, await register(own))).status).toBe(201)
})

describe('a payment that does not go through', () => {
  test('leaves the account as it was, and the page open', async () => {
    const person = await registerWithoutTrial(t)
    const { body } = await checkout(t, person)
    expect(pay(t, body.id, { card: DECLINED }).outcome).toBe('declined')
    await t.flush()
    expect(await stateOf(t, person)).toMatchObject({ plan: 'free', actions: { checkout: true } })
    expect((await checkout(t, person)).body.id).toBe(body.id)
    expect(pay(t, body.id).outcome).toBe('complete')
  })

  test('gives nothing while the bank waits for a confirmation', async () => {
    const person = await registerWithoutTrial(t)
    const { body } = await checkout(t, person)
    expect(pay(t, body.id, { card: ASKS_FOR_CONFIRMATION }).outcome).toBe('requires_action')
    await t.flush()
    expect(await stateOf(t, person)).toMatchObject({ has_pro_entitlement: false, plan: 'free' })
    expect(pay(t, body.id, { card: ASKS_FOR_CONFIRMATION, authenticate: true }).outcome).toBe('complete')
    await t.flush()
    expect(await stateOf(t, person)).toMatchObject({
      has_pro_entitlement: true,
      subscription: { status: 'active' },
    })
    expect(await atStripe(t, person)).toHaveLength(1)
  })
})

describe('the return from Stripe', () => {
  test('is a paid account before any event has come', async () => {
    const own = await startStripeAppWith()
    own.stripe.deliveries.change({ drop: 1 })
    const person = await registerWithoutTrial(own)
    const { body } = await checkout(own, person)
    pay(own, body.id)
    expect((await stateOf(own, person)).plan).toBe('free')
    const reply = await bill(own, person, `checkout-session/${body.id}/sync`)
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({
      plan: 'pro',
      subscription: { status: 'active' },
      actions: { checkout: false },
    })
    expect((await bill(own, person, `checkout-session/${body.id}/sync`)).status).toBe(200)
  })

  test('of a page that was not paid changes nothing', async () => {
    const person = await registerWithoutTrial(t)
    const { body } = await checkout(t, person)
    expect((await bill(t, person, `checkout-session/${body.id}/sync`)).body).toMatchObject({ plan: 'free' })
  })

  test('404 for a page of another account, and one that never was', async () => {
    const { body } = await checkout(t, await registerWithoutTrial(t))
    const other = await register(t)
    for (const id of [body.id, 'cs_test_nothing']) {
      const reply = await bill(t, other, `checkout-session/${id}/sync`)
      expect(reply.status).toBe(404)
      expect(reply.body.code).toBe('not-found')
    }
  })
})

describe('409 already-subscribed, with a way into the portal', () => {
  test.each(['trialing', 'active', 'past_due', 'unpaid', 'paused'])('%s', async (status) => {
    const person = await buyer(t)
    const subscription = await subscriptionOf(t, person)
    t.stripe.store.change(() =>
      t.stripe.store.put('subscription', { ...subscription, status: status as typeof subscription.status }),
    )
    const reply = await checkout(t, person, { interval: 'year' })
    expect(reply.status).toBe(409)
    expect(reply.body).toMatchObject({
      code: 'already-subscribed',
      portal: expect.stringMatching(/\/stripe\//),
    })
  })

  test('also when no event has told of the payment yet', async () => {
    const own = await startStripeAppWith()
    own.stripe.deliveries.change({ drop: 1 })
    const person = await registerWithoutTrial(own)
    const { body } = await checkout(own, person)
    pay(own, body.id)
    for (const wanted of [{}, { interval: 'year' }] as const) {
      expect((await checkout(own, person, wanted)).body).toMatchObject({ code: 'already-subscribed' })
    }
    expect(await atStripe(own, person)).toHaveLength(1)
  })

  test('but not after the subscription has ended: a new one is bought, the old one is kept', async () => {
    const person = await buyer(t)
    await t.sdk.subscriptions.cancel((await subscriptionOf(t, person)).id)
    await t.flush()
    expect(await stateOf(t, person)).toMatchObject({ plan: 'free', subscription: { status: 'canceled' } })
    const { body } = await checkout(t, person)
    pay(t, body.id)
    await t.flush()
    expect(await stateOf(t, person)).toMatchObject({ plan: 'pro', subscription: { status: 'active' } })
    const { rows } = await t.app.pool.query(
      'select status from subscriptions where account_id = $1 order by 1',
      [person.accountId],
    )
    expect(rows).toEqual([{ status: 'active' }, { status: 'canceled' }])
  })
})

describe('422: only what the catalogue sells', () => {
  test.each([
    ['a price of Stripe’s', { price: 'price_123' }, '#'],
    ['a customer of Stripe’s', { customer: 'cus_123' }, '#'],
    ['a place to return to', { success_url: 'https://evil.example' }, '#'],
    ['a plan that is free', { plan: 'free' }, '#/plan'],
    ['a plan without a price', { plan: 'enterprise' }, '#/plan'],
    ['no such plan', { plan: 'constructor' }, '#/plan'],
    ['no such interval', { interval: 'week' }, '#/interval'],
    ['seats of a plan without', { seats: 3 }, '#/seats'],
    ['more seats than the plan has', { plan: 'team', seats: 51 }, '#/seats'],
  ])('%s', async (_name, fields, pointer) => {
    const person = await register(t)
    const before = t.stripe.requests.list().length
    const reply = await checkout(t, person, fields as object)
    expect(reply.status).toBe(422)
    expect(reply.body.errors[0].pointer).toContain(pointer)
    expect(t.stripe.requests.list()).toHaveLength(before)
  })
})

test('503 stripe-not-configured without a key, for everything that needs Stripe, and the rest works', async () => {
  const bare = await startTestAppWith({}, { work: false })
  const person = await register(bare)
  for (const path of [
    'checkout-session',
    'portal-session',
    'subscription/preview',
    'subscription/change',
    'subscription/cancel',
    'subscription/resume',
    'checkout-session/cs_1/sync',
  ]) {
    const isOrder = /checkout-session$|preview|change/.test(path)
    const reply = await bare.call('POST', `/v1/billing/${path}`, {
      body: isOrder ? { plan: 'pro', interval: 'month' } : {},
      as: person.accessToken,
    })
    expect([path, reply.status, reply.body.code]).toEqual([path, 503, 'stripe-not-configured'])
  }
  const state = await bare.call('GET', '/v1/billing/state', { as: person.accessToken })
  expect(state.body).toMatchObject({
    plan: 'pro',
    stripe_enabled: false,
    actions: { checkout: false, portal: false },
  })
})
