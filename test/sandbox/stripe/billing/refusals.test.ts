import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { updateSubscription } from '../../../../sandbox/stripe/billing/subscriptions/updateSubscription.ts'
import { type Billing, DAY, HOUR, itemOf, startBilling } from './startBilling.ts'

const YEAR = 365 * DAY

/** Somebody who has subscribed, and the id of that. */
async function startSubscribed(): Promise<{ billing: Billing; id: string }> {
  const billing = await startBilling()
  return { billing, id: (await billing.subscribe()).id }
}

type Attempt = (billing: Billing, subscription: string) => Promise<unknown>

describe('an instant that is', () => {
  test.each<[string, string, Attempt]>([
    ['over', 'trial_end', ({ sdk }, id) => sdk.subscriptions.update(id, { trial_end: 1000 })],
    ['now', 'trial_end', ({ sdk, now }, id) => sdk.subscriptions.update(id, { trial_end: now() })],
    [
      'too far',
      'trial_end',
      ({ sdk, now }, id) => sdk.subscriptions.update(id, { trial_end: now() + 6 * YEAR }),
    ],
    ['too far', 'trial_end', ({ subscribe, now }) => subscribe({ trial_end: now() + 6 * YEAR })],
    ['over', 'cancel_at', ({ subscribe }) => subscribe({ cancel_at: 1000 })],
    [
      'over',
      'pause_collection[resumes_at]',
      ({ sdk }, id) =>
        sdk.subscriptions.update(id, { pause_collection: { behavior: 'void', resumes_at: 5 } }),
    ],
    ['over', 'redeem_by', ({ sdk }) => sdk.coupons.create({ percent_off: 10, redeem_by: 1000 })],
    [
      'over',
      'expires_at',
      async ({ sdk }) => {
        const { id: coupon } = await sdk.coupons.create({ percent_off: 10 })
        await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon }, expires_at: 1000 })
      },
    ],
  ])('%s is refused as %s', async (_how, param, attempt) => {
    const { billing, id } = await startSubscribed()
    const held = billing.stripe.store.get('subscription', id)
    await expect(attempt(billing, id)).rejects.toMatchObject({ statusCode: 400, param })
    expect(billing.stripe.store.get('subscription', id)).toEqual(held)
  })

  test('that of a trial that is over can be sent back as it is', async () => {
    const billing = await startBilling()
    const { id, trial_end } = await billing.subscribe({ trial_period_days: 3 })
    billing.advanceTo(billing.now() + 10 * DAY)
    const updated = await billing.sdk.subscriptions.update(id, { trial_end: trial_end ?? 0 })
    expect(updated.status).toBe('active')
  })
})

test.each([
  ['day', 1096],
  ['week', 157],
  ['month', 37],
  ['year', 4],
] as const)('a price of every %s × %i is refused', async (interval, interval_count) => {
  const { sdk } = await startBilling()
  const price = { currency: 'usd', unit_amount: 100, product_data: { name: 'Pro' } }
  const refused = sdk.prices.create({ ...price, recurring: { interval, interval_count } })
  await expect(refused).rejects.toMatchObject({ statusCode: 400, param: 'recurring[interval_count]' })
  const longest = { interval, interval_count: interval_count - 1 }
  expect((await sdk.prices.create({ ...price, recurring: longest })).recurring).toMatchObject(longest)
})

describe('what does not go together', () => {
  test.each<[string, Attempt]>([
    [
      'subscription',
      async ({ sdk }, subscription) => {
        const { id: customer } = await sdk.customers.create()
        await sdk.invoices.create({ customer, subscription })
      },
    ],
    ['days_until_due', ({ subscribe }) => subscribe({ collection_method: 'send_invoice' })],
    ['days_until_due', ({ sdk }, id) => sdk.subscriptions.update(id, { collection_method: 'send_invoice' })],
    [
      'days_until_due',
      ({ sdk, customer }) => sdk.invoices.create({ customer, collection_method: 'send_invoice' }),
    ],
  ])('is refused for its %s', async (param, attempt) => {
    const { billing, id } = await startSubscribed()
    await expect(attempt(billing, id)).rejects.toMatchObject({ statusCode: 400, param })
  })
})

describe('a word that Stripe does not have', () => {
  const session: Stripe.Checkout.SessionCreateParams = {
    mode: 'subscription',
    success_url: 'https://example.com/done',
  }
  const price = { unit_amount: 100, product_data: { name: 'Pro' } }

  test.each<[string, Attempt]>([
    [
      'cancellation_details[feedback]',
      ({ sdk }, id) =>
        sdk.subscriptions.cancel(id, { cancellation_details: { feedback: 'bored' as 'unused' } }),
    ],
    ['currency', ({ sdk }) => sdk.prices.create({ ...price, currency: 'zzz' })],
    ['currency', ({ sdk }) => sdk.coupons.create({ amount_off: 100, currency: 'zzz' })],
    [
      'success_url',
      ({ sdk }) => sdk.checkout.sessions.create({ ...session, success_url: 'javascript:alert(1)' }),
    ],
    ['cancel_url', ({ sdk }) => sdk.checkout.sessions.create({ ...session, cancel_url: '/plans' })],
    [
      'return_url',
      ({ sdk, customer }) => sdk.billingPortal.sessions.create({ customer, return_url: 'ftp://example.com' }),
    ],
  ])('is refused as %s', async (param, attempt) => {
    const { billing, id } = await startSubscribed()
    await expect(attempt(billing, id)).rejects.toMatchObject({ statusCode: 400, param })
  })
})

test('the 201st change of a quantity within an hour is refused, and nothing else is', async () => {
  const billing = await startBilling()
  const { sdk, stripe } = billing
  const made = await billing.subscribe()
  const items = (quantity: number) => [{ id: itemOf(made).id, quantity }]
  for (let quantity = 2; quantity <= 201; quantity++) {
    const change = { items: items(quantity), proration_behavior: 'none' as const }
    stripe.store.change(() => updateSubscription(stripe.at(billing.now()), made.id, change))
  }
  const more = () => sdk.subscriptions.update(made.id, { items: items(202) })
  await expect(more()).rejects.toMatchObject({
    statusCode: 429,
    headers: { 'stripe-rate-limited-reason': 'resource-specific' },
  })
  await sdk.subscriptions.update(made.id, { items: items(201), metadata: { seen: 'yes' } })
  billing.advanceTo(billing.now() + HOUR)
  expect(itemOf(await more()).quantity).toBe(202)
})
