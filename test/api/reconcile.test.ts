import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reconcile } from '../../src/billing/reconcile/reconcile.ts'
import {
  buyer,
  checkout,
  FAILS_LATER,
  pay,
  registerWithoutTrial,
  stateOf,
  subscriptionOf,
} from '../support/buyers.ts'
import { type StripeApp, startStripeApp, startStripeAppWith } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

const driftOf = async (accountId: string, app = t) =>
  (await app.app.pool.query('select kind, details from drift where account_id = $1', [accountId])).rows

describe('what no event told of', () => {
  test('a purchase, a change and an end are found, mended and reported', async () => {
    const [changed, ended] = [await buyer(t), await buyer(t)]
    const bought = await registerWithoutTrial(t)
    const { body } = await checkout(t, bought)
    await t.flush()
    t.stripe.deliveries.change({ drop: 1 })
    pay(t, body.id)
    await t.sdk.subscriptions.update((await subscriptionOf(t, changed)).id, { cancel_at_period_end: true })
    await t.sdk.subscriptions.cancel((await subscriptionOf(t, ended)).id)
    t.stripe.deliveries.change({ drop: 0 })
    await t.flush()
    expect((await stateOf(t, bought)).plan).toBe('free')

    expect(await reconcile(t.app)).toMatchObject({ repaired: 3 })
    expect(await stateOf(t, bought)).toMatchObject({ plan: 'pro' })
    expect((await stateOf(t, changed)).subscription.cancel_at_period_end).toBe(true)
    expect(await stateOf(t, ended)).toMatchObject({ plan: 'free', subscription: { status: 'canceled' } })
    expect(await driftOf(bought.accountId)).toMatchObject([{ kind: 'missed-subscription' }])
    expect(await driftOf(changed.accountId)).toMatchObject([{ kind: 'missed-change' }])
    expect(await driftOf(ended.accountId)).toMatchObject([
      { details: { before: 'active', after: 'canceled' } },
    ])
    expect(await reconcile(t.app)).toMatchObject({ checked: 0, repaired: 0 })
  })

  test('a subscription that Stripe does not have any more has ended, and its history stays', async () => {
    const person = await buyer(t)
    const { id } = await subscriptionOf(t, person)
    t.stripe.store.change(() => t.stripe.store.remove('subscription', id))
    await reconcile(t.app)
    expect(await stateOf(t, person)).toMatchObject({ plan: 'free', subscription: { status: 'canceled' } })
  })

  test('since when a charge is owed, which no subscription tells', async () => {
    const own = await startStripeAppWith()
    const person = await buyer(own, { card: FAILS_LATER, trial: true })
    const { id: subscription, customer: owner } = await subscriptionOf(own, person)
    const customer = owner as string
    // Something else that is owed for it, before its first renewal fails.
    await own.sdk.invoiceItems.create({ customer, subscription, amount: 500, currency: 'usd' })
    const extra = await own.sdk.invoices.create({ customer, subscription, auto_advance: false })
    await own.sdk.invoices.finalizeInvoice(extra.id, { auto_advance: false })
    await own.advance(15 * 86_400)
    const graceOf = async () => Date.parse((await stateOf(own, person)).subscription.grace_ends_at)
    const before = await graceOf()
    own.stripe.deliveries.change({ drop: 1 })
    await own.sdk.invoices.voidInvoice(extra.id)
    expect(await graceOf()).toBe(before)
    await reconcile(own.app)
    const { latest_invoice } = await subscriptionOf(own, person)
    const renewal = own.stripe.store.get('invoice', latest_invoice as string)
    const since = (renewal?.status_transitions.finalized_at ?? 0) * 1000
    expect(since + 7 * 86_400_000).toBeGreaterThan(before)
    expect(await graceOf()).toBe(since + 7 * 86_400_000)
    expect(await driftOf(person.accountId, own)).toMatchObject([{ kind: 'missed-change' }])
  })

  test('a price of nobody’s is named, though no event came that could be parked', async () => {
    const person = await buyer(t)
    const { id, items } = await subscriptionOf(t, person)
    const price = await t.sdk.prices.create({
      currency: 'usd',
      unit_amount: 100,
      recurring: { interval: 'month' },
      product_data: { name: 'Something else' },
    })
    t.stripe.deliveries.change({ drop: 1 })
    await t.sdk.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id ?? '', price: price.id }],
      proration_behavior: 'none',
    })
    t.stripe.deliveries.change({ drop: 0 })
    const says = () =>
      t.logged.filter((line) => line.includes('belongs to no plan') && line.includes(price.id))
    await reconcile(t.app)
    expect(says()).toHaveLength(1)
    await reconcile(t.app)
    expect(says()).toHaveLength(1)
  })

  test('two live subscriptions are reported once, also by several at once', async () => {
    const person = await buyer(t)
    const { customer, items } = await subscriptionOf(t, person)
    await t.sdk.subscriptions.create({
      customer: customer as string,
      items: [{ price: items.data[0]?.price.id ?? '' }],
    })
    await t.flush()
    await Promise.all([reconcile(t.app), reconcile(t.app), reconcile(t.app)])
    const kinds = (await driftOf(person.accountId)).map(({ kind }) => kind)
    expect(kinds).toEqual(['two-live-subscriptions'])
  })
})

test('twice at once and beside events it does no harm', async () => {
  const people = await Promise.all([1, 2, 3, 4].map(() => buyer(t)))
  t.stripe.deliveries.change({ drop: 0.5 })
  for (const person of people) {
    await t.sdk.subscriptions.update((await subscriptionOf(t, person)).id, { cancel_at_period_end: true })
  }
  t.stripe.deliveries.change({ drop: 0 })
  await Promise.all([reconcile(t.app), reconcile(t.app), t.flush()])
  for (const person of people) {
    expect((await stateOf(t, person)).subscription.cancel_at_period_end).toBe(true)
    const { rows } = await t.app.pool.query(
      `select from audit_log where account_id = $1 and action = 'subscription.changed' and details->'after'->>'cancel_at' is not null`,
      [person.accountId],
    )
    expect(rows).toHaveLength(1)
  }
})

describe('the hourly sweep', () => {
  test('mends what was never delivered', async () => {
    const own = await startStripeAppWith()
    const person = await buyer(own)
    own.stripe.deliveries.change({ drop: 1 })
    await own.sdk.subscriptions.cancel((await subscriptionOf(own, person)).id)
    expect((await stateOf(own, person)).plan).toBe('pro')
    await own.advance(3_600)
    expect((await stateOf(own, person)).plan).toBe('free')
    const troubles = own.logged.filter((line) => line.includes('failed')).join('\n')
    expect(await driftOf(person.accountId, own), troubles).toHaveLength(1)
  })

  test('runs once an hour, and waits while Stripe is away', async () => {
    const own = await startStripeAppWith()
    await own.advance(3_600)
    const pages = () =>
      own.stripe.requests
        .list()
        .filter(({ path, params }) => path === '/v1/subscriptions' && !('customer' in params)).length
    const before = pages()
    await own.advance(60)
    expect(pages()).toBe(before)
    own.stripe.faults.add({ method: 'GET', path: '/v1/subscriptions', kind: 'rate-limit', times: 1 })
    await own.advance(3_600)
    await own.advance(60)
    expect(pages()).toBe(before + 2)
  })
})

describe('what must not do harm', () => {
  test('the key of another account ends nobody’s subscription', async () => {
    const own = await startStripeAppWith()
    const person = await buyer(own)
    const { customer } = await subscriptionOf(own, person)
    const { store } = own.stripe
    store.change(() => {
      for (const kind of ['subscription', 'customer'] as const)
        for (const one of store.list(kind)) store.remove(kind, one.id)
    })
    await reconcile(own.app)
    expect(await stateOf(own, person)).toMatchObject({ plan: 'pro', subscription: { status: 'active' } })
    expect(
      own.logged.some((line) => line.includes('cannot be mirrored') && line.includes(customer as string)),
    ).toBe(true)
  })

  test('one customer that cannot be mirrored keeps no other from it', async () => {
    const own = await startStripeAppWith()
    const [odd, missed] = [await buyer(own), await buyer(own)]
    own.stripe.deliveries.change({ drop: 1 })
    const { store } = own.stripe
    const strange = await subscriptionOf(own, odd)
    store.change(() => store.put('subscription', { ...strange, items: { ...strange.items, data: [] } }))
    await own.sdk.subscriptions.cancel((await subscriptionOf(own, missed)).id)
    await reconcile(own.app)
    expect((await stateOf(own, missed)).plan).toBe('free')
    expect((await stateOf(own, odd)).plan).toBe('pro')
  })
})
