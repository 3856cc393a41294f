import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bill, buyer, FAILS_LATER, stateOf, subscriptionOf } from '../support/buyers.ts'
import { type Person, register } from '../support/people.ts'
import { type StripeApp, startStripeApp, startStripeAppWith } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

const DAY = 86_400
const change = (person: Person, plan: string, interval = 'month', more: object = {}) =>
  bill(t, person, 'subscription/change', { plan, interval, ...more })
const preview = (person: Person, plan: string, interval = 'month', more: object = {}) =>
  bill(t, person, 'subscription/preview', { plan, interval, ...more })

async function newestInvoice(person: Person) {
  const { latest_invoice } = await subscriptionOf(t, person)
  const invoice = t.stripe.store.get('invoice', latest_invoice as string)
  if (!invoice) throw new Error('There is no invoice')
  return invoice
}

describe('more is given at once', () => {
  test('a higher plan: limits rise with the reply, and what is charged is what was shown', async () => {
    const person = await buyer(t)
    const shown = await preview(person, 'team', 'month', { seats: 3 })
    expect(shown.body).toMatchObject({ takes_effect: 'now', currency: 'usd', amount_due: 3 * 1900 - 2900 })
    const reply = await change(person, 'team', 'month', {
      seats: 3,
      proration_date: shown.body.proration_date,
    })
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({
      plan: 'team',
      plan_limits: { trees: 1000 },
      subscription: { status: 'active', seats: { purchased: 3 } },
    })
    expect(await newestInvoice(person)).toMatchObject({ total: shown.body.amount_due, status: 'paid' })
  })

  test('the year instead of the month', async () => {
    const person = await buyer(t)
    const reply = await change(person, 'pro', 'year')
    expect(reply.body).toMatchObject({
      subscription: { interval: 'year' },
      plan_billing: { year: 29000 },
      plan_limits: { kb_conversions: { per: 'month', amount: 50 } },
    })
    const { items } = await subscriptionOf(t, person)
    const end = new Date((items.data[0]?.current_period_end ?? 0) * 1000).toISOString()
    expect(reply.body.subscription.current_period_end).toBe(end)
  })

  test('asked for twice it is done once, also at the same time', async () => {
    const person = await buyer(t)
    const replies = await Promise.all([1, 2, 3].map(() => change(person, 'pro', 'year')))
    for (const { status } of replies) expect([200, 409]).toContain(status)
    expect((await change(person, 'pro', 'year')).status).toBe(200)
    const { customer, items } = await subscriptionOf(t, person)
    expect(items.data).toHaveLength(1)
    const invoices = t.stripe.store.listOf('invoice', customer as string)
    expect(invoices.filter(({ billing_reason }) => billing_reason === 'subscription_update')).toHaveLength(1)
  })
})

test('422 for a proration date that no preview of the last minutes gave: customers do not set their price', async () => {
  const person = await buyer(t)
  const { items } = await subscriptionOf(t, person)
  const now = Math.floor(t.app.now().getTime() / 1000)
  for (const proration_date of [(items.data[0]?.current_period_end ?? 0) - 1, now + 60, now - 1_000]) {
    const reply = await change(person, 'team', 'month', { seats: 3, proration_date })
    expect(reply.status).toBe(422)
    expect(reply.body.errors).toMatchObject([{ pointer: '#/proration_date' }])
  }
  expect(await stateOf(t, person)).toMatchObject({ plan: 'pro' })
})

describe('what an order does not mention stays', () => {
  test('seats', async () => {
    const person = await buyer(t, { plan: 'team', seats: 9 })
    expect((await change(person, 'team', 'year')).body.subscription.seats).toMatchObject({ purchased: 9 })
  })

  test('the price at which it was bought, when seats are added', async () => {
    const person = await buyer(t, { plan: 'team', seats: 2 })
    const bought = (await subscriptionOf(t, person)).items.data[0]?.price.id
    const { rows } = await t.app.pool.query(
      'update stripe_prices set retired_at = $1 where stripe_price_id = $2 returning *',
      [t.app.now(), bought],
    )
    const dearer = await t.sdk.prices.create({
      currency: 'usd',
      unit_amount: 4900,
      recurring: { interval: 'month' },
      product: 'frontgate_team',
    })
    await t.app.db
      .insertInto('stripe_prices')
      .values({ ...rows[0], stripe_price_id: dearer.id, amount_minor: 4900, retired_at: null })
      .execute()
    await change(person, 'team', 'month', { seats: 3 })
    expect((await subscriptionOf(t, person)).items.data[0]).toMatchObject({
      quantity: 3,
      price: { id: bought },
    })
    await t.app.pool.query('delete from stripe_prices where stripe_price_id = $1', [dearer.id])
    await t.app.pool.query('update stripe_prices set retired_at = null where stripe_price_id = $1', [bought])
  })

  test('an item that was added at Stripe by hand, and a discount, also over the end of the period', async () => {
    const person = await buyer(t, { plan: 'team', seats: 2 })
    const { id } = await subscriptionOf(t, person)
    const addOn = await t.sdk.prices.create({
      currency: 'usd',
      unit_amount: 500,
      recurring: { interval: 'month' },
      product_data: { name: 'Support' },
    })
    const { id: coupon } = await t.sdk.coupons.create({ percent_off: 50, duration: 'forever' })
    await t.sdk.subscriptions.update(id, { items: [{ price: addOn.id }], discounts: [{ coupon }] })
    await change(person, 'team', 'month', { seats: 5 })
    const quantities = async () =>
      (await subscriptionOf(t, person)).items.data.map(({ price, quantity }) => [
        price.id === addOn.id,
        quantity,
      ])
    expect(await quantities()).toEqual([
      [false, 5],
      [true, 1],
    ])
    await change(person, 'pro')
    const { schedule } = await subscriptionOf(t, person)
    const { phases } = await t.sdk.subscriptionSchedules.retrieve(schedule as string)
    expect(phases.map(({ items, discounts }) => [items.length, discounts.length])).toEqual([
      [2, 1],
      [2, 1],
    ])
  })
})

test('seats can be added to a plan that is not sold any more, nor has so many seats', async () => {
  const own = await startStripeAppWith()
  const person = await buyer(own, { plan: 'team', seats: 30 })
  await own.app.pool.query(`update plans set public = false where plan = 'team'`)
  await own.app.pool.query(`update plan_limits set amount = 20 where plan = 'team' and name = 'members'`)
  await own.app.pool.query(
    `insert into catalogue_versions (content_hash, applied_at) values ('\\x00', now())`,
  )
  const ask = (what: 'preview' | 'change', seats: number) =>
    bill(own, person, `subscription/${what}`, { plan: 'team', interval: 'month', seats })
  await expect.poll(async () => (await ask('preview', 31)).status).toBe(422)
  expect((await ask('change', 29)).body.subscription.scheduled_change).toMatchObject({ quantity: 29 })
  expect((await ask('change', 30)).body.subscription.scheduled_change).toBeNull()
})

describe('less is given from the next period on', () => {
  test('a lower plan keeps this period’s limits, then takes effect by itself', async () => {
    const own = await startStripeAppWith()
    const person = await buyer(own, { plan: 'team', seats: 2 })
    const reply = await bill(own, person, 'subscription/change', { plan: 'pro', interval: 'month' })
    expect(reply.body).toMatchObject({
      plan: 'team',
      plan_limits: { trees: 1000 },
      subscription: {
        scheduled_change: {
          plan: 'pro',
          interval: 'month',
          quantity: 1,
          at: reply.body.subscription.current_period_end,
        },
      },
    })
    await own.advance(32 * DAY)
    expect(await stateOf(own, person)).toMatchObject({
      plan: 'pro',
      plan_limits: { trees: 100 },
      subscription: { status: 'active', scheduled_change: null },
    })
  })

  test('is shown without a price to pay now, and is dropped by asking for what there is', async () => {
    const person = await buyer(t, { interval: 'year' })
    expect((await preview(person, 'pro', 'month')).body).toMatchObject({ takes_effect: 'at-period-end' })
    expect((await change(person, 'pro', 'month')).body.subscription.scheduled_change).toMatchObject({
      interval: 'month',
    })
    expect((await change(person, 'pro', 'year')).body.subscription.scheduled_change).toBeNull()
    expect((await subscriptionOf(t, person)).schedule).toBeNull()
  })

  test('another wish replaces it', async () => {
    const person = await buyer(t, { plan: 'team', seats: 9 })
    await change(person, 'team', 'month', { seats: 4 })
    const reply = await change(person, 'pro', 'month')
    expect(reply.body.subscription.scheduled_change).toMatchObject({ plan: 'pro', quantity: 1 })
    const up = await change(person, 'team', 'month', { seats: 12 })
    expect(up.body.subscription).toMatchObject({ scheduled_change: null, seats: { purchased: 12 } })
  })
})

test('what there is already costs nothing and changes nothing', async () => {
  const person = await buyer(t)
  expect((await preview(person, 'pro')).body).toMatchObject({ takes_effect: 'never', amount_due: 0 })
  const before = await subscriptionOf(t, person)
  expect((await change(person, 'pro')).status).toBe(200)
  expect(await subscriptionOf(t, person)).toEqual(before)
})

describe('402 payment-failed', () => {
  test('a declined card leaves plan and period as they were, and another card goes through', async () => {
    const person = await buyer(t)
    const { id, customer } = await subscriptionOf(t, person)
    const bad = await t.sdk.paymentMethods.create({
      type: 'card',
      card: { number: FAILS_LATER, exp_month: 4, exp_year: 2034, cvc: '123' },
    })
    await t.sdk.paymentMethods.attach(bad.id, { customer: customer as string })
    await t.sdk.subscriptions.update(id, { default_payment_method: bad.id })
    const reply = await change(person, 'team', 'month', { seats: 3 })
    expect(reply.status).toBe(402)
    expect(reply.body).toMatchObject({ code: 'payment-failed', portal: expect.any(String) })
    expect(await stateOf(t, person)).toMatchObject({ plan: 'pro', subscription: { status: 'active' } })
    const good = await t.sdk.paymentMethods.attach('pm_card_visa', { customer: customer as string })
    await t.sdk.subscriptions.update(id, { default_payment_method: good.id })
    expect((await change(person, 'team', 'month', { seats: 3 })).body).toMatchObject({ plan: 'team' })
  })
})

describe('409', () => {
  test('no-subscription, for an account that never bought and one whose subscription is over', async () => {
    const never = await register(t)
    const over = await buyer(t)
    await t.sdk.subscriptions.cancel((await subscriptionOf(t, over)).id)
    await t.flush()
    const order = { plan: 'pro', interval: 'year' }
    for (const person of [never, over]) {
      for (const [path, body] of [
        ['preview', order],
        ['change', order],
        ['cancel', {}],
        ['resume', {}],
      ] as const) {
        const reply = await bill(t, person, `subscription/${path}`, body)
        expect([reply.status, reply.body.code]).toEqual([409, 'no-subscription'])
      }
    }
    expect((await bill(t, never, 'portal-session')).body.code).toBe('no-subscription')
    expect((await bill(t, over, 'portal-session')).status).toBe(201)
    expect((await bill(t, over, 'portal-session', { flow: 'cancel' })).body.code).toBe('no-subscription')
  })

  test('subscription-not-changeable while it is set to end', async () => {
    const person = await buyer(t)
    await bill(t, person, 'subscription/cancel')
    for (const reply of [await change(person, 'pro', 'year'), await preview(person, 'pro', 'year')]) {
      expect(reply.body).toMatchObject({ code: 'subscription-not-changeable', reason: 'ending' })
    }
  })

  test('change-in-progress while the outcome of another wish is not known, for five minutes', async () => {
    const own = await startStripeAppWith()
    const person = await buyer(own, { plan: 'team', seats: 2 })
    const order = (plan: string) => ({ plan, interval: 'month', seats: plan === 'team' ? 9 : undefined })
    own.stripe.faults.add({ method: 'POST', path: '/v1/subscription_schedules', kind: 'truncated', times: 9 })
    expect((await bill(own, person, 'subscription/change', order('pro'))).body.code).toBe(
      'stripe-unavailable',
    )
    own.stripe.faults.clear()
    // Somebody asks the same, and Stripe fails before that reaches the key: the outcome is as unknown as before.
    own.stripe.faults.add({ method: 'GET', path: '/v1/subscriptions/:id', kind: 'error', times: 9 })
    expect((await bill(own, person, 'subscription/change', order('pro'))).body.code).toBe(
      'stripe-unavailable',
    )
    own.stripe.faults.clear()
    expect((await bill(own, person, 'subscription/change', order('team'))).body.code).toBe(
      'change-in-progress',
    )
    own.moveClock(301)
    expect((await bill(own, person, 'subscription/change', order('team'))).status).toBe(200)
  })
})

test('503 stripe-unavailable while Stripe is busy, and the state is answered all the same', async () => {
  const person = await buyer(t)
  t.stripe.faults.add({ path: '/v1/subscriptions', kind: 'rate-limit', times: 9 })
  const reply = await bill(t, person, 'subscription/cancel')
  t.stripe.faults.clear()
  expect(reply.status).toBe(503)
  expect(reply.body.code).toBe('stripe-unavailable')
  expect(reply.headers['retry-after']).toBe('5')
  expect(await stateOf(t, person)).toMatchObject({ plan: 'pro' })
})

test('a call whose answer is lost, and is made again, is done once', async () => {
  const person = await buyer(t)
  t.stripe.faults.add({ method: 'POST', path: '/v1/subscriptions/:id', kind: 'error-after-commit', times: 1 })
  expect((await change(person, 'pro', 'year')).status).toBe(200)
  const { customer } = await subscriptionOf(t, person)
  const updates = t.stripe.store
    .listOf('invoice', customer as string)
    .filter(({ billing_reason }) => billing_reason === 'subscription_update')
  expect(updates).toHaveLength(1)
})

test('a failure that Stripe repeats for its key does not last', async () => {
  const person = await buyer(t)
  t.stripe.faults.add({ method: 'POST', path: '/v1/subscriptions/:id', kind: 'error', times: 1 })
  expect((await change(person, 'pro', 'year')).status).toBe(503)
  expect((await change(person, 'pro', 'year')).body).toMatchObject({ subscription: { interval: 'year' } })
})

test('an upgrade that is declined leaves the downgrade that is scheduled', async () => {
  const person = await buyer(t, { plan: 'team', seats: 2 })
  await change(person, 'pro')
  const { id, customer } = await subscriptionOf(t, person)
  const bad = await t.sdk.paymentMethods.attach('pm_card_chargeCustomerFail', {
    customer: customer as string,
  })
  await t.sdk.subscriptions.update(id, { default_payment_method: bad.id })
  expect((await change(person, 'team', 'month', { seats: 9 })).status).toBe(402)
  expect((await stateOf(t, person)).subscription.scheduled_change).toMatchObject({ plan: 'pro' })
})

test('429 when one user has Stripe asked again and again, over all their accounts', async () => {
  const person = await buyer(t)
  const other = await t.call('POST', '/v1/accounts', { body: { name: 'Another' }, as: person.accessToken })
  const switched = await t.call('POST', '/v1/auth/switch-account', {
    body: { account_id: other.body.id },
    as: person.accessToken,
  })
  const tokens = [person.accessToken, switched.body.access_token]
  const replies = await Promise.all(
    Array.from({ length: 140 }, (_, i) =>
      t.call('GET', '/v1/billing/invoices?limit=1', { as: tokens[i % 2] as string }),
    ),
  )
  expect(replies.filter(({ status }) => status === 429).length).toBeGreaterThan(0)
})

test('429 when one account has Stripe asked again and again', async () => {
  const person = await buyer(t)
  const token = person.accessToken
  const replies = await Promise.all(
    Array.from({ length: 130 }, () => t.call('GET', '/v1/billing/invoices?limit=1', { as: token })),
  )
  const refused = replies.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThan(0)
  expect(refused[0]?.body.code).toBe('too-many-requests')
  expect((await t.call('GET', '/v1/billing/invoices', { as: (await buyer(t)).accessToken })).status).toBe(200)
})

describe('when the answer of Stripe is lost', () => {
  const lost = { method: 'POST', path: '/v1/subscriptions/:id', kind: 'truncated', times: 9 } as const

  test('another wish need not wait once a look shows that the first was fulfilled', async () => {
    const person = await buyer(t)
    t.stripe.faults.add(lost)
    expect((await change(person, 'pro', 'year')).body.code).toBe('stripe-unavailable')
    t.stripe.faults.clear()
    expect((await change(person, 'team', 'year', { seats: 2 })).body).toMatchObject({ plan: 'team' })
  })

  test('a card that was declined then, and has been replaced, is not declined once more', async () => {
    const person = await buyer(t)
    const { id, customer } = await subscriptionOf(t, person)
    const cardOf = async (token: string) => {
      const card = await t.sdk.paymentMethods.attach(token, { customer: customer as string })
      await t.sdk.subscriptions.update(id, { default_payment_method: card.id })
    }
    await cardOf('pm_card_chargeCustomerFail')
    t.stripe.faults.add(lost)
    expect((await change(person, 'pro', 'year')).body.code).toBe('stripe-unavailable')
    t.stripe.faults.clear()
    expect((await change(person, 'pro', 'year')).body.code).toBe('payment-failed')
    await cardOf('pm_card_visa')
    expect((await change(person, 'pro', 'year')).body).toMatchObject({ subscription: { interval: 'year' } })
  })
})

test('what was set in the portal counts, though no event told of it', async () => {
  const own = await startStripeAppWith()
  const person = await buyer(own, { plan: 'team', seats: 3 })
  const { id, items } = await subscriptionOf(own, person)
  own.stripe.deliveries.change({ drop: 1 })
  await own.sdk.subscriptions.update(id, { items: [{ id: items.data[0]?.id ?? '', quantity: 20 }] })
  const reply = await bill(own, person, 'subscription/change', { plan: 'team', interval: 'year' })
  expect(reply.body.subscription).toMatchObject({ interval: 'year', seats: { purchased: 20 } })
})

test.each(['rate-limit', 'error'] as const)(
  'an upgrade that is paid for holds, and the downgrade before it is dropped, if not at once then later (%s)',
  async (kind) => {
    const own = await startStripeAppWith()
    const person = await buyer(own, { plan: 'team', seats: 2 })
    await bill(own, person, 'subscription/change', { plan: 'pro', interval: 'month' })
    own.stripe.faults.add({ path: '/v1/subscription_schedules/:id/release', kind, times: 9 })
    const reply = await bill(own, person, 'subscription/change', {
      plan: 'team',
      interval: 'month',
      seats: 9,
    })
    own.stripe.faults.clear()
    expect(reply.status).toBe(200)
    expect(reply.body.subscription).toMatchObject({
      seats: { purchased: 9 },
      scheduled_change: { plan: 'pro' },
    })
    await own.advance(360)
    expect((await stateOf(own, person)).subscription.scheduled_change).toBeNull()
    expect((await subscriptionOf(own, person)).schedule).toBeNull()
  },
)
