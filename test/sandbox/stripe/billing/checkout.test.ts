import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { expireCheckoutSession } from '../../../../sandbox/stripe/billing/expireCheckoutSession.ts'
import { type Buyer, payCheckoutSession } from '../../../../sandbox/stripe/billing/payCheckoutSession.ts'
import { type Billing, DAY, HOUR, itemOf, startBilling } from './startBilling.ts'

type Params = Stripe.Checkout.SessionCreateParams

const open = ({ sdk, customer, prices }: Billing, params: Params = {}) =>
  sdk.checkout.sessions.create({
    mode: 'subscription',
    customer,
    line_items: [{ price: prices.pro, quantity: 1 }],
    success_url: 'https://example.com/done?session={CHECKOUT_SESSION_ID}',
    ...params,
  })

const pay = ({ stripe }: Billing, id: string, buyer: Buyer = {}) =>
  stripe.store.change(() => payCheckoutSession(stripe.at(), id, buyer)).outcome

const inTrial = (days: number): Params => ({ subscription_data: { trial_period_days: days } })

describe('a session', () => {
  test('is open for a day, at a page of its own', async () => {
    const billing = await startBilling({ card: null })
    const session = await open(billing, { metadata: { order: '7' }, client_reference_id: 'abc' })
    expect(session).toMatchObject({
      status: 'open',
      payment_status: 'unpaid',
      subscription: null,
      invoice: null,
      expires_at: billing.now() + DAY,
      url: `http://localhost:4100/stripe/checkout/${session.id}`,
      amount_total: 2900,
      metadata: { order: '7' },
      client_reference_id: 'abc',
    })
    const { data } = await billing.sdk.checkout.sessions.listLineItems(session.id)
    expect(data).toMatchObject([{ amount_total: 2900, quantity: 1, price: { id: billing.prices.pro } }])
    billing.newEvents()
    billing.advanceTo(session.expires_at)
    expect(billing.newEvents()).toEqual(['checkout.session.expired'])
    expect(await billing.sdk.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: 'expired',
      url: null,
    })
  })

  test('that is expired or paid can be neither any more', async () => {
    const billing = await startBilling({ card: null })
    const [one, other] = [await open(billing), await open(billing)]
    billing.stripe.store.change(() => expireCheckoutSession(billing.stripe.at(), one.id))
    pay(billing, other.id)
    for (const { id } of [one, other]) {
      expect(() => pay(billing, id)).toThrow(/status/)
      await expect(billing.sdk.checkout.sessions.expire(id)).rejects.toMatchObject({ statusCode: 400 })
    }
    const { data } = await billing.sdk.checkout.sessions.list({
      customer: billing.customer,
      status: 'complete',
    })
    expect(data.map(({ id }) => id)).toEqual([other.id])
  })

  const now = Date.parse('2026-01-10T12:00:00Z') / 1000
  test.each<[string, Params, string]>([
    ['in another mode', { mode: 'payment' }, 'mode'],
    [
      'for a price that there is not',
      { line_items: [{ price: 'price_none', quantity: 1 }] },
      'line_items[0][price]',
    ],
    ['for nothing', { line_items: [] }, 'line_items'],
    ['without a quantity', { line_items: [{ price: 'pro' }] }, 'line_items[0][quantity]'],
    ['for a customer that there is not', { customer: 'cus_none' }, 'customer'],
    ['for a customer and an address', { customer_email: 'ada@example.com' }, 'customer_email'],
    ['that leads nowhere', { success_url: 'nowhere' }, 'success_url'],
    [
      'with a short trial',
      { subscription_data: { trial_end: now + 47 * HOUR } },
      'subscription_data[trial_end]',
    ],
    ['for a moment', { expires_at: now + 60 }, 'expires_at'],
    ['for days', { expires_at: now + 2 * DAY }, 'expires_at'],
    ['with codes and a discount', { allow_promotion_codes: true, discounts: [{ coupon: 'x' }] }, 'discounts'],
    ['with a discount that there is not', { discounts: [{ coupon: 'none' }] }, 'discounts[0][coupon]'],
    ['with tax and an address that stays', { automatic_tax: { enabled: true } }, 'customer_update[address]'],
    ['with types of payment methods', { payment_method_types: ['card'] } as Params, 'payment_method_types'],
  ])('%s is refused', async (_what, { line_items, ...params }, param) => {
    const billing = await startBilling({ card: null })
    const lines = line_items?.map((line) => (line.price === 'pro' ? { price: billing.prices.pro } : line))
    await expect(open(billing, { ...params, ...(lines && { line_items: lines }) })).rejects.toMatchObject({
      statusCode: 400,
      param,
    })
  })
})

describe('paying', () => {
  test('makes a subscription as the session says, in the order of events that Stripe was seen to have', async () => {
    const billing = await startBilling({ card: null })
    const session = await open(billing, {
      metadata: { of: 'session' },
      subscription_data: { metadata: { of: 'subscription' } },
    })
    billing.newEvents()
    expect(pay(billing, session.id)).toBe('complete')
    expect(billing.newEvents()).toEqual([
      'charge.succeeded',
      'payment_method.attached',
      'customer.updated',
      'checkout.session.completed',
      'customer.subscription.created',
      'invoice.created',
      'payment_intent.created',
      'invoice.finalized',
      'payment_intent.succeeded',
      'invoice.paid',
      'invoice.payment_succeeded',
      'invoice_payment.paid',
    ])
    const done = await billing.sdk.checkout.sessions.retrieve(session.id, {
      expand: ['subscription', 'invoice'],
    })
    expect(done).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      url: null,
      subscription: { status: 'active', metadata: { of: 'subscription' } },
      invoice: { status: 'paid', amount_paid: 2900 },
    })
    const { default_payment_method } = done.subscription as Stripe.Subscription
    expect(default_payment_method).toMatch(/^pm_/)
    const customer = await billing.sdk.customers.retrieve(billing.customer)
    expect(customer).toMatchObject({ invoice_settings: { default_payment_method } })
  })

  test('with a trial charges nothing yet', async () => {
    const billing = await startBilling({ card: null })
    const session = await open(billing, inTrial(14))
    expect(session.amount_total).toBe(0)
    expect(pay(billing, session.id)).toBe('complete')
    const done = await billing.sdk.checkout.sessions.retrieve(session.id, { expand: ['subscription'] })
    expect(done).toMatchObject({
      payment_status: 'no_payment_required',
      subscription: { status: 'trialing' },
    })
    expect((await billing.sdk.charges.list()).data).toEqual([])
    billing.advanceTo(billing.now() + 14 * DAY + HOUR)
    expect((await billing.sdk.charges.list()).data).toMatchObject([{ amount: 2900, status: 'succeeded' }])
  })

  test('with a trial keeps the card by an intent of its own', async () => {
    const billing = await startBilling({ card: null })
    const session = await open(billing, inTrial(14))
    billing.newEvents()
    pay(billing, session.id)
    const told = billing.newEvents()
    expect(told.slice(0, 3)).toEqual([
      'payment_method.attached',
      'setup_intent.succeeded',
      'setup_intent.created',
    ])
    const { customer, sdk } = billing
    const [intent] = (await sdk.setupIntents.list({ customer })).data
    expect(await sdk.setupIntents.retrieve(intent?.id ?? '')).toMatchObject({ customer, status: 'succeeded' })
  })

  test('with a trial needs no card where the session says so', async () => {
    const billing = await startBilling({ card: null })
    const session = await open(billing, { ...inTrial(14), payment_method_collection: 'if_required' })
    expect(pay(billing, session.id)).toBe('complete')
    expect((await billing.sdk.customers.listPaymentMethods(billing.customer)).data).toEqual([])
  })

  test.each(['4000000000000002', '4000 0000 0000 9995', '0341'])(
    'with %s is declined, and can be tried again',
    async (card) => {
      const billing = await startBilling({ card: null })
      const session = await open(billing)
      expect(pay(billing, session.id, { card })).toBe('declined')
      expect(await billing.sdk.checkout.sessions.retrieve(session.id)).toMatchObject({ status: 'open' })
      expect((await billing.sdk.subscriptions.list({ status: 'all' })).data).toEqual([])
      expect(pay(billing, session.id)).toBe('complete')
    },
  )

  test('with 0341 completes a trial, whose first charge then fails', async () => {
    const billing = await startBilling({ card: null })
    const session = await open(billing, inTrial(14))
    expect(pay(billing, session.id, { card: '4000000000000341' })).toBe('complete')
    billing.advanceTo(billing.now() + 14 * DAY + HOUR)
    const { data } = await billing.sdk.subscriptions.list({ customer: billing.customer })
    expect(data).toMatchObject([{ status: 'past_due' }])
  })

  test('with 3184 waits for the buyer, who then completes the same subscription', async () => {
    const billing = await startBilling({ card: null })
    const session = await open(billing)
    expect(pay(billing, session.id, { card: '4000000000003184' })).toBe('requires_action')
    const [waiting] = (await billing.sdk.subscriptions.list({ status: 'all' })).data
    expect(waiting?.status).toBe('incomplete')
    expect(await billing.sdk.checkout.sessions.retrieve(session.id)).toMatchObject({ status: 'open' })
    expect(pay(billing, session.id, { card: '4000000000003184', authenticate: true })).toBe('complete')
    const { data } = await billing.sdk.subscriptions.list({ status: 'all' })
    expect(data).toMatchObject([{ id: waiting?.id, status: 'active' }])
  })

  test('with 3184 makes no subscription in a trial before the buyer has answered', async () => {
    const billing = await startBilling({ card: null })
    const session = await open(billing, inTrial(14))
    expect(pay(billing, session.id, { card: '3184' })).toBe('requires_action')
    expect((await billing.sdk.subscriptions.list({ status: 'all' })).data).toEqual([])
    expect(pay(billing, session.id, { card: '3184', authenticate: true })).toBe('complete')
  })

  test('with 3155 asks the buyer once, and no more when it renews', async () => {
    const billing = await startBilling({ card: null })
    const session = await open(billing)
    const card = '4000 0025 0000 3155'
    expect(pay(billing, session.id, { card })).toBe('requires_action')
    expect(pay(billing, session.id, { card, authenticate: true })).toBe('complete')
    billing.advanceTo(billing.now() + 32 * DAY)
    expect((await billing.sdk.invoices.list({ status: 'paid' })).data).toHaveLength(2)
  })

  test('makes a customer where the session has only an address', async () => {
    const billing = await startBilling({ card: null })
    const { sdk, prices } = billing
    const session = await sdk.checkout.sessions.create({
      mode: 'subscription',
      customer_email: 'grace@example.com',
      line_items: [{ price: prices.team, quantity: 3 }],
      success_url: 'https://example.com/done',
    })
    expect(pay(billing, session.id)).toBe('complete')
    const done = await sdk.checkout.sessions.retrieve(session.id, { expand: ['customer', 'subscription'] })
    expect(done.customer).toMatchObject({ email: 'grace@example.com' })
    expect(itemOf(done.subscription as Stripe.Subscription).quantity).toBe(3)
  })

  test('with a promotion code costs less', async () => {
    const billing = await startBilling({ card: null })
    const { sdk } = billing
    const coupon = await sdk.coupons.create({ amount_off: 1000, currency: 'usd', duration: 'once' })
    await sdk.promotionCodes.create({
      promotion: { type: 'coupon', coupon: coupon.id },
      code: 'SPRING',
      max_redemptions: 1,
    })
    const session = await open(billing, { allow_promotion_codes: true })
    expect(() => pay(billing, session.id, { promotionCode: 'AUTUMN' })).toThrow('This code is invalid.')
    expect(pay(billing, session.id, { promotionCode: 'spring' })).toBe('complete')
    const [invoice] = (await sdk.invoices.list()).data
    expect(invoice).toMatchObject({
      total: 1900,
      amount_paid: 1900,
      total_discount_amounts: [{ amount: 1000 }],
    })
    const again = await open(billing, { allow_promotion_codes: true })
    expect(() => pay(billing, again.id, { promotionCode: 'SPRING' })).toThrow('This code is invalid.')
  })

  test('echoes tax that is nothing', async () => {
    const billing = await startBilling({ card: null })
    const session = await open(billing, {
      automatic_tax: { enabled: true },
      tax_id_collection: { enabled: true },
      customer_update: { address: 'auto', name: 'auto' },
    })
    expect(session).toMatchObject({
      automatic_tax: { enabled: true, status: 'complete' },
      tax_id_collection: { enabled: true },
      total_details: { amount_tax: 0 },
    })
    pay(billing, session.id)
    const [subscription] = (await billing.sdk.subscriptions.list()).data
    expect(subscription?.automatic_tax.enabled).toBe(true)
  })
})
