import { describe, expect, test } from 'vitest'
import { at, type Billing, DAY, itemOf, startBilling } from './startBilling.ts'

const latest = async ({ sdk }: Billing, id: string) => {
  const { latest_invoice } = await sdk.subscriptions.retrieve(id, { expand: ['latest_invoice.payments'] })
  if (typeof latest_invoice !== 'object' || !latest_invoice) throw new Error('There is no invoice')
  return latest_invoice
}

describe('creating a subscription', () => {
  test('with a trial makes it trialing, with a paid invoice over nothing', async () => {
    const billing = await startBilling()
    const made = await billing.subscribe({ trial_period_days: 14 })
    expect(made).toMatchObject({
      status: 'trialing',
      trial_start: billing.now(),
      trial_end: billing.now() + 14 * DAY,
      billing_cycle_anchor: billing.now() + 14 * DAY,
      pending_setup_intent: null,
      trial_settings: { end_behavior: { missing_payment_method: 'create_invoice' } },
    })
    expect(itemOf(made)).toMatchObject({
      current_period_start: billing.now(),
      current_period_end: billing.now() + 14 * DAY,
    })
    const invoice = await latest(billing, made.id)
    expect(invoice).toMatchObject({
      status: 'paid',
      total: 0,
      billing_reason: 'subscription_create',
      attempted: true,
      attempt_count: 0,
      auto_advance: false,
    })
    expect(invoice.lines.data).toMatchObject([{ amount: 0, description: 'Free trial for 1 × Pro' }])
  })

  test('with a good card makes it active', async () => {
    const billing = await startBilling()
    billing.newEvents()
    const made = await billing.subscribe()
    expect(made.status).toBe('active')
    expect(itemOf(made).current_period_end).toBe(at('2026-02-10T12:00:00'))
    expect(await latest(billing, made.id)).toMatchObject({
      status: 'paid',
      attempt_count: 1,
      amount_paid: 2900,
      parent: { subscription_details: { subscription: made.id } },
      payments: { data: [{ status: 'paid', amount_paid: 2900, payment: { type: 'payment_intent' } }] },
    })
    expect(billing.newEvents()).toEqual([
      'charge.succeeded',
      'customer.subscription.created',
      'invoice.created',
      'payment_intent.created',
      'invoice.finalized',
      'payment_intent.succeeded',
      'invoice.paid',
      'invoice.payment_succeeded',
      'invoice_payment.paid',
    ])
  })

  test('with a card that asks for 3-D Secure leaves it incomplete', async () => {
    const billing = await startBilling({ card: 'pm_card_threeDSecure2Required' })
    const made = await billing.subscribe()
    expect(made.status).toBe('incomplete')
    expect(await latest(billing, made.id)).toMatchObject({
      status: 'open',
      attempted: true,
      attempt_count: 0,
      auto_advance: true,
    })
  })

  test('with a card that fails leaves it incomplete, and expires it after 23 hours', async () => {
    const billing = await startBilling({ card: 'pm_card_chargeCustomerFail' })
    const made = await billing.subscribe()
    expect(made.status).toBe('incomplete')
    billing.advanceTo(billing.now() + 23 * 3600 - 1)
    expect(await billing.sdk.subscriptions.retrieve(made.id)).toMatchObject({ status: 'incomplete' })
    billing.advanceTo(billing.now() + 1)
    expect(await billing.sdk.subscriptions.retrieve(made.id)).toMatchObject({ status: 'incomplete_expired' })
    expect(await latest(billing, made.id)).toMatchObject({ status: 'void' })
  })

  test('with a card that fails is refused where that is asked for, and leaves nothing', async () => {
    const billing = await startBilling({ card: 'pm_card_chargeCustomerFail' })
    await expect(billing.subscribe({ payment_behavior: 'error_if_incomplete' })).rejects.toMatchObject({
      statusCode: 402,
      type: 'StripeCardError',
      code: 'card_declined',
      decline_code: 'generic_decline',
    })
    expect((await billing.sdk.subscriptions.list({ status: 'all' })).data).toEqual([])
    expect((await billing.sdk.invoices.list()).data).toEqual([])
  })

  test('without a payment method is refused', async () => {
    const billing = await startBilling({ card: null })
    await expect(billing.subscribe()).rejects.toMatchObject({ statusCode: 400, code: 'resource_missing' })
    expect((await billing.sdk.subscriptions.list({ status: 'all' })).data).toEqual([])
  })

  test('with a coupon lowers the total and not the line', async () => {
    const billing = await startBilling()
    const { sdk } = billing
    const coupon = await sdk.coupons.create({ percent_off: 10, duration: 'forever' })
    const made = await billing.subscribe({ discounts: [{ coupon: coupon.id }] })
    const invoice = await latest(billing, made.id)
    expect(invoice).toMatchObject({ total: 2610, subtotal: 2900, amount_paid: 2610 })
    expect(invoice.lines.data).toMatchObject([{ amount: 2900, discount_amounts: [{ amount: 290 }] }])
    const { discounts } = await sdk.subscriptions.retrieve(made.id, { expand: ['discounts'] })
    expect(discounts).toMatchObject([{ source: { type: 'coupon', coupon: coupon.id } }])
  })
})

describe('setting a subscription to end', () => {
  test('keeps it active until then, and can be undone', async () => {
    const billing = await startBilling()
    const { sdk } = billing
    const { id } = await billing.subscribe()
    const ending = await sdk.subscriptions.update(id, { cancel_at_period_end: true })
    expect(ending).toMatchObject({
      status: 'active',
      cancel_at: itemOf(ending).current_period_end,
      canceled_at: billing.now(),
      cancellation_details: { reason: 'cancellation_requested' },
    })
    const kept = await sdk.subscriptions.update(id, { cancel_at_period_end: false })
    expect(kept).toMatchObject({
      cancel_at: null,
      canceled_at: null,
      cancel_at_period_end: false,
      cancellation_details: { reason: null },
    })
  })

  test('ends it at the end of the period, without another invoice', async () => {
    const billing = await startBilling()
    const { sdk } = billing
    const { id } = await billing.subscribe()
    const ending = await sdk.subscriptions.update(id, { cancel_at_period_end: true })
    const asked = billing.now()
    billing.advanceTo(itemOf(ending).current_period_end)
    expect(await sdk.subscriptions.retrieve(id)).toMatchObject({
      status: 'canceled',
      canceled_at: asked,
      ended_at: itemOf(ending).current_period_end,
      cancel_at: null,
      cancel_at_period_end: false,
    })
    expect((await sdk.invoices.list({ subscription: id })).data).toHaveLength(1)
  })

  test('before its period ends gives back what is left of it', async () => {
    const billing = await startBilling()
    const { sdk } = billing
    const { id } = await billing.subscribe()
    const end = billing.now() + 15.5 * DAY
    const ending = await sdk.subscriptions.update(id, {
      cancel_at: end,
      proration_behavior: 'always_invoice',
    })
    expect(itemOf(ending).current_period_end).toBe(end)
    expect(await latest(billing, id)).toMatchObject({ total: -1450, amount_due: 0 })
    expect(await sdk.customers.retrieve(billing.customer)).toMatchObject({ balance: -1450 })
  })

  test('is refused of one under a schedule', async () => {
    const billing = await startBilling()
    const { id } = await billing.subscribe()
    await billing.sdk.subscriptionSchedules.create({ from_subscription: id })
    await expect(billing.sdk.subscriptions.update(id, { cancel_at_period_end: true })).rejects.toMatchObject({
      statusCode: 400,
    })
  })
})

describe('canceling a subscription', () => {
  test('after it was set to end keeps when that was asked for', async () => {
    const billing = await startBilling()
    const { sdk } = billing
    const { id } = await billing.subscribe()
    const asked = billing.now()
    await sdk.subscriptions.update(id, { cancel_at_period_end: true })
    billing.advanceTo(asked + DAY)
    billing.newEvents()
    expect(await sdk.subscriptions.cancel(id)).toMatchObject({
      status: 'canceled',
      ended_at: asked + DAY,
      canceled_at: asked,
      cancel_at: null,
      cancel_at_period_end: false,
    })
    expect(billing.newEvents()).toEqual(['customer.subscription.deleted'])
    await expect(sdk.subscriptions.cancel(id)).rejects.toMatchObject({ code: 'resource_missing' })
  })

  test('during its trial keeps the times, and makes no invoice', async () => {
    const billing = await startBilling()
    const { sdk } = billing
    const made = await billing.subscribe({ trial_period_days: 14 })
    billing.advanceTo(billing.now() + DAY)
    const canceled = await sdk.subscriptions.cancel(made.id)
    const { trial_start, trial_end } = made
    expect(canceled).toMatchObject({ status: 'canceled', trial_start, trial_end })
    expect(itemOf(canceled).current_period_end).toBe(itemOf(made).current_period_end)
    expect((await sdk.invoices.list({ subscription: made.id })).data).toHaveLength(1)
  })

  test('gives back and bills at once what it is asked to', async () => {
    const billing = await startBilling()
    const { sdk } = billing
    const { id } = await billing.subscribe()
    billing.advanceTo(billing.now() + 15.5 * DAY)
    await sdk.subscriptions.cancel(id, { invoice_now: true, prorate: true })
    expect(await latest(billing, id)).toMatchObject({ status: 'paid', total: -1450 })
    expect(await sdk.customers.retrieve(billing.customer)).toMatchObject({ balance: -1450 })
  })
})

describe('going from a month to a year', () => {
  test('at the same instant credits the month and debits the year', async () => {
    const billing = await startBilling()
    const { sdk, prices } = billing
    const made = await billing.subscribe()
    const changed = await sdk.subscriptions.update(made.id, {
      items: [{ id: itemOf(made).id, price: prices.proYearly }],
      proration_behavior: 'always_invoice',
    })
    expect(itemOf(changed)).toMatchObject({
      id: itemOf(made).id,
      current_period_start: billing.now(),
      current_period_end: at('2027-01-10T12:00:00'),
    })
    const invoice = await latest(billing, made.id)
    expect(invoice).toMatchObject({ billing_reason: 'subscription_update', total: 26100, status: 'paid' })
    expect(invoice.lines.data).toMatchObject([
      { amount: -2900, parent: { subscription_item_details: { proration: true } } },
      { amount: 29000, parent: { subscription_item_details: { proration: true } } },
    ])
  })

  test('with a new anchor debits the year as such', async () => {
    const billing = await startBilling()
    const { sdk, prices } = billing
    const made = await billing.subscribe()
    billing.advanceTo(billing.now() + DAY)
    const changed = await sdk.subscriptions.update(made.id, {
      items: [{ id: itemOf(made).id, price: prices.proYearly }],
      billing_cycle_anchor: { type: 'now' },
    })
    expect(changed.billing_cycle_anchor).toBe(billing.now())
    expect(itemOf(changed).current_period_start).toBe(billing.now())
    const invoice = await latest(billing, made.id)
    expect(invoice.lines.data.at(-1)).toMatchObject({
      amount: 29000,
      parent: { subscription_item_details: { proration: false } },
    })
  })
})
