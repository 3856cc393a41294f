import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bill,
  buyer,
  checkout,
  FAILS_LATER,
  paidCheckout,
  pay,
  registerWithoutTrial,
  stateOf,
  subscriptionOf,
} from '../support/buyers.ts'
import type { Person } from '../support/people.ts'
import { DAY_SECONDS } from '../support/staff.ts'
import { type StripeApp, startStripeApp } from '../support/stripeApp.ts'

let t: StripeApp
beforeAll(async () => {
  t = await startStripeApp()
})
afterAll(() => t.close())

/** Somebody who has bought, and a moment later has a second subscription of the same price. */
async function withSecond(markOf: (person: Person) => Promise<Record<string, string>>) {
  const person = await buyer(t)
  const first = await subscriptionOf(t, person)
  const customer = first.customer as string
  const metadata = await markOf(person)
  t.moveClock(1)
  const { id } = await t.sdk.subscriptions.create({
    customer,
    items: [{ price: first.items.data[0]?.price.id ?? '' }],
    metadata,
  })
  return { person, customer, first: first.id, second: id }
}

const bought = (person: Person) => paidCheckout(t, person)
const statusOf = (id: string) => t.stripe.store.get('subscription', id)?.status
const refundsOf = (customer: string) =>
  t.stripe.store.listOf('charge', customer).map(({ amount_refunded }) => amount_refunded)

async function cancelledIn(person: Person): Promise<number> {
  const { rows } = await t.app.pool.query(
    `select from audit_log where account_id = $1 and action = 'subscription.unwanted-cancelled'`,
    [person.accountId],
  )
  return rows.length
}

describe('two live subscriptions made at Stripe by hand', () => {
  test('both give access, the first is shown, and losing one takes nothing away', async () => {
    const { person, first, second } = await withSecond(async () => ({}))
    await t.flush()
    expect(statusOf(second)).toBe('active')
    const { rows } = await t.app.pool.query(
      `select stripe_subscription_id as id from subscriptions where account_id = $1 and is_shown`,
      [person.accountId],
    )
    expect(rows).toEqual([{ id: first }])
    expect(t.logged.some((line) => line.includes('several live subscriptions'))).toBe(true)
    await t.sdk.subscriptions.cancel(second)
    await t.flush()
    expect(await stateOf(t, person)).toMatchObject({ plan: 'pro', subscription: { status: 'active' } })
  })

  test.each([
    ['made up', async () => ({ frontgate_checkout: '01900000-0000-7000-8000-000000000000' })],
    ['of another account', async () => paidCheckout(t, await buyer(t))],
    [
      'copied from the first',
      async (person: Person) => (await subscriptionOf(t, person)).metadata as Record<string, string>,
    ],
  ])('are never cancelled for a mark that is %s', async (_name, markOf) => {
    const { person, first, second } = await withSecond(markOf)
    await t.flush()
    expect([statusOf(first), statusOf(second)]).toEqual(['active', 'active'])
    expect(await cancelledIn(person)).toBe(0)
  })
})

describe('the second of two purchases', () => {
  test('is cancelled, paid back, and said, once', async () => {
    const { person, customer, first, second } = await withSecond(bought)
    await t.flush()
    expect([statusOf(first), statusOf(second)]).toEqual(['active', 'canceled'])
    const [, charge] = t.stripe.store.listOf('charge', customer)
    expect(t.stripe.store.list('refund').filter((refund) => refund.charge === charge?.id)).toMatchObject([
      { amount: 2900, reason: 'duplicate', status: 'succeeded' },
    ])
    const mails = await t.mailsTo(person.email)
    expect(mails.map(({ subject }) => subject)).toContain('We cancelled a second Frontgate subscription')
    expect(await cancelledIn(person)).toBe(1)
    expect(await stateOf(t, person)).toMatchObject({ plan: 'pro', subscription: { status: 'active' } })
  })

  test('is cancelled also when Stripe fails once, without asking it again and again', async () => {
    const since = t.stripe.requests.list().length
    t.stripe.deliveries.change({ hold: true })
    const { customer, second } = await withSecond(bought)
    t.stripe.faults.add({ method: 'POST', path: '/v1/subscriptions/:id', kind: 'error', times: 1 })
    t.stripe.deliveries.change({ hold: false })
    await t.flush()
    await t.flush()
    expect(statusOf(second)).toBe('canceled')
    expect(refundsOf(customer)).toEqual([0, 2900])
    const marks = t.stripe.requests
      .list()
      .slice(since)
      .filter(({ method, path }) => method === 'POST' && path === `/v1/subscriptions/${second}`)
    // The SDK repeats a failed call twice, which Stripe answers as it did before; then the job comes once more.
    expect(marks.length).toBeLessThanOrEqual(4)
  })

  test('what was given back in part is given back in full, and no more', async () => {
    t.stripe.deliveries.change({ hold: true })
    const { customer, second } = await withSecond(bought)
    const [, charge] = t.stripe.store.listOf('charge', customer)
    await t.sdk.refunds.create({ charge: charge?.id ?? '', amount: 100 })
    t.stripe.deliveries.change({ hold: false })
    await t.flush()
    expect(statusOf(second)).toBe('canceled')
    expect(refundsOf(customer)).toEqual([0, 2900])
  })

  test('whose charge has failed is never charged for later', async () => {
    const person = await buyer(t)
    const { customer, items } = await subscriptionOf(t, person)
    const metadata = await paidCheckout(t, person)
    t.moveClock(1)
    const card = await t.sdk.paymentMethods.create({
      type: 'card',
      card: { number: FAILS_LATER, exp_month: 4, exp_year: 2040, cvc: '123' },
    })
    await t.sdk.paymentMethods.attach(card.id, { customer: customer as string })
    t.stripe.deliveries.change({ hold: true })
    const second = await t.sdk.subscriptions.create({
      customer: customer as string,
      default_payment_method: card.id,
      items: [{ price: items.data[0]?.price.id ?? '' }],
      trial_end: Math.floor(t.app.now().getTime() / 1000) + 60,
      metadata,
    })
    t.moveClock(7_200)
    t.stripe.advance()
    expect(statusOf(second.id)).toBe('past_due')
    const owed = String(t.stripe.store.get('subscription', second.id)?.latest_invoice)
    t.stripe.faults.add({ method: 'POST', path: '/v1/invoices/:id/void', kind: 'error', times: 1 })
    t.stripe.deliveries.change({ hold: false })
    await t.flush()
    await t.flush()
    expect(statusOf(second.id)).toBe('canceled')
    expect(t.stripe.store.get('invoice', owed)?.status).toBe('void')
  })
})

describe('for an account that was closed', () => {
  const close = async (person: Person) => {
    const { rows } = await t.app.pool.query('select name from accounts where id = $1', [person.accountId])
    const body = { confirm: rows[0].name }
    const reply = await t.call('DELETE', '/v1/accounts/me', { body, as: person.accessToken })
    expect(reply.status).toBe(204)
  }

  test('what is bought afterwards is cancelled and paid back', async () => {
    const person = await registerWithoutTrial(t)
    const { body } = await checkout(t, person)
    await close(person)
    pay(t, body.id)
    await t.flush()
    const subscription = await subscriptionOf(t, person)
    expect(subscription.status).toBe('canceled')
    expect(t.stripe.store.listOf('charge', subscription.customer as string)).toMatchObject([
      { amount: 2900, amount_refunded: 2900, refunded: true },
    ])
  })

  test('what was to end and is taken up again at Stripe is set to end again, however often', async () => {
    const person = await buyer(t)
    const { id, customer } = await subscriptionOf(t, person)
    await bill(t, person, 'subscription/cancel')
    t.moveClock(1)
    await close(person)
    for (let round = 0; round < 3; round++) {
      await t.sdk.subscriptions.update(id, { cancel_at_period_end: false })
      await t.flush()
      expect(t.stripe.store.get('subscription', id)).toMatchObject({
        status: 'active',
        cancel_at_period_end: true,
      })
    }
    expect(refundsOf(customer as string)).toEqual([0])
  })

  test('and reopened, what was bought meanwhile stays, since it is wanted again', async () => {
    const person = await registerWithoutTrial(t)
    const { body } = await checkout(t, person)
    await close(person)
    t.stripe.deliveries.change({ hold: true })
    pay(t, body.id)
    const url = `/v1/accounts/${person.accountId}/reopen`
    expect((await t.call('POST', url, { as: person.accessToken })).status).toBe(200)
    t.stripe.deliveries.change({ hold: false })
    await t.flush()
    expect((await subscriptionOf(t, person)).status).toBe('active')
    expect(await stateOf(t, person)).toMatchObject({ plan: 'pro', subscription: { status: 'active' } })
  })

  test('and purged, nothing that Stripe tells of brings its card back', async () => {
    const person = await buyer(t)
    const { id } = await subscriptionOf(t, person)
    await bill(t, person, 'subscription/cancel')
    await close(person)
    await t.advance(30 * DAY_SECONDS)
    await t.sdk.subscriptions.update(id, { metadata: { looked_at: 'again' } }).catch(() => undefined)
    await t.advance(DAY_SECONDS)
    const { rows } = await t.app.pool.query(
      `select a.name, s.status, s.card from subscriptions s join accounts a on a.id = s.account_id
       where stripe_subscription_id = $1`,
      [id],
    )
    expect(rows).toEqual([{ name: 'Deleted account', status: 'canceled', card: null }])
  })
})
