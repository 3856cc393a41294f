import { describe, expect, test } from 'vitest'
import { advanceBilling } from '../../../../sandbox/stripe/billing/passTime.ts'
import { at, type Billing, DAY, HOUR, itemOf, setDefault, startBilling } from './startBilling.ts'

/** A subscription with a card that fails whenever it is charged, on a trial that has just ended. */
async function startFailing(): Promise<{ billing: Billing; id: string; end: number }> {
  const billing = await startBilling({ card: 'pm_card_chargeCustomerFail' })
  const { id, trial_end } = await billing.subscribe({ trial_period_days: 14 })
  billing.newEvents()
  return { billing, id, end: trial_end ?? 0 }
}

const statusOf = async ({ sdk }: Billing, id: string) => (await sdk.subscriptions.retrieve(id)).status

describe('the end of a period', () => {
  test('begins the next one, and has it paid an hour later', async () => {
    const billing = await startBilling()
    const { sdk } = billing
    const made = await billing.subscribe()
    const end = itemOf(made).current_period_end
    billing.newEvents()
    billing.advanceTo(end - 1)
    expect(billing.newEvents()).toEqual([])
    billing.advanceTo(end)
    expect(billing.newEvents()).toEqual(['customer.subscription.updated', 'invoice.created'])
    const renewed = await sdk.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] })
    expect(itemOf(renewed)).toMatchObject({
      current_period_start: end,
      current_period_end: at('2026-03-10T12:00:00'),
    })
    expect(renewed.latest_invoice).toMatchObject({
      status: 'draft',
      billing_reason: 'subscription_cycle',
      automatically_finalizes_at: end + HOUR,
      next_payment_attempt: end + HOUR,
    })
    billing.advanceTo(end + HOUR)
    expect(billing.newEvents()).toEqual([
      'payment_intent.created',
      'invoice.finalized',
      'charge.succeeded',
      'payment_intent.succeeded',
      'invoice.paid',
      'invoice.payment_succeeded',
      'invoice_payment.paid',
    ])
    expect((await sdk.invoices.list({ subscription: made.id, status: 'paid' })).data).toHaveLength(2)
  })

  test.each([
    ['2026-01-31T08:00:00', ['2026-02-28T08:00:00', '2026-03-31T08:00:00', '2026-04-30T08:00:00']],
    ['2028-01-30T08:00:00', ['2028-02-29T08:00:00', '2028-03-30T08:00:00', '2028-04-30T08:00:00']],
  ])('from %s on keeps to the day of the anchor', async (start, ends) => {
    const billing = await startBilling({ at: `${start}Z` })
    const { id } = await billing.subscribe()
    for (const end of ends) {
      const subscription = await billing.sdk.subscriptions.retrieve(id)
      expect(itemOf(subscription).current_period_end).toBe(at(end))
      billing.advanceTo(at(end))
    }
  })

  test('is reached many times when much time passes at once', async () => {
    const billing = await startBilling()
    const { id } = await billing.subscribe()
    billing.advanceTo(at('2027-01-10T13:00:00'))
    const { data } = await billing.sdk.invoices.list({ subscription: id, status: 'paid', limit: 100 })
    expect(data).toHaveLength(13)
    expect(data.map(({ number }) => number).toSorted()).toEqual(data.map(({ number }) => number).reverse())
  })
})

describe('the end of a trial', () => {
  test('is announced three days before', async () => {
    const billing = await startBilling()
    const { trial_end } = await billing.subscribe({ trial_period_days: 14 })
    billing.newEvents()
    billing.advanceTo((trial_end ?? 0) - 3 * DAY)
    expect(billing.newEvents()).toEqual(['customer.subscription.trial_will_end'])
    billing.advanceTo((trial_end ?? 0) - 1)
    expect(billing.newEvents()).toEqual([])
  })

  test('is announced at once when it is sooner', async () => {
    const billing = await startBilling()
    billing.newEvents()
    const made = await billing.subscribe({ trial_period_days: 2 })
    expect(billing.newEvents()).toContain('customer.subscription.trial_will_end')
    billing.advanceTo(made.trial_end ?? 0)
    expect(billing.newEvents()).toEqual(['customer.subscription.updated', 'invoice.created'])
  })

  test('begins the first period that is paid for', async () => {
    const billing = await startBilling()
    const made = await billing.subscribe({ trial_period_days: 14 })
    billing.advanceTo((made.trial_end ?? 0) + HOUR)
    const active = await billing.sdk.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] })
    expect(active.status).toBe('active')
    expect(active.latest_invoice).toMatchObject({ status: 'paid', total: 2900 })
    expect(itemOf(active)).toMatchObject({
      current_period_start: made.trial_end,
      current_period_end: at('2026-02-24T12:00:00'),
    })
  })

  test.each([
    ['cancel', 'canceled', 'customer.subscription.deleted'],
    ['pause', 'paused', 'customer.subscription.paused'],
  ] as const)('without a card can %s', async (missing_payment_method, status, event) => {
    const billing = await startBilling({ card: null })
    const made = await billing.subscribe({
      trial_period_days: 14,
      trial_settings: { end_behavior: { missing_payment_method } },
    })
    billing.advanceTo(made.trial_end ?? 0)
    expect(billing.newEvents()).toContain(event)
    const ended = await billing.sdk.subscriptions.retrieve(made.id)
    expect(ended.status).toBe(status)
    expect(ended.status_details?.paused.subscription.type).toBe(
      status === 'paused' ? 'trial_end_without_payment_method' : undefined,
    )
    billing.advanceTo(billing.now() + 60 * DAY)
    expect((await billing.sdk.invoices.list({ subscription: made.id })).data).toHaveLength(1)
  })

  test('without a card makes an invoice that cannot be paid', async () => {
    const billing = await startBilling({ card: null })
    const made = await billing.subscribe({ trial_period_days: 14 })
    billing.advanceTo((made.trial_end ?? 0) + HOUR)
    expect(await statusOf(billing, made.id)).toBe('past_due')
  })

  test('can be now, which charges at once', async () => {
    const billing = await startBilling()
    const made = await billing.subscribe({ trial_period_days: 14 })
    billing.newEvents()
    const ended = await billing.sdk.subscriptions.update(made.id, {
      trial_end: 'now',
      expand: ['latest_invoice'],
    })
    expect(ended).toMatchObject({ status: 'active', trial_end: billing.now() })
    expect(ended.latest_invoice).toMatchObject({ status: 'paid', total: 2900 })
    expect(billing.newEvents()).toContain('customer.subscription.trial_will_end')
  })

  test('can be later', async () => {
    const billing = await startBilling()
    const made = await billing.subscribe({ trial_period_days: 14 })
    const trial_end = (made.trial_end ?? 0) + 7 * DAY
    const extended = await billing.sdk.subscriptions.update(made.id, { trial_end })
    expect(extended).toMatchObject({ status: 'trialing', trial_end, billing_cycle_anchor: trial_end })
    billing.advanceTo(trial_end + HOUR)
    expect(await statusOf(billing, made.id)).toBe('active')
  })
})

describe('a renewal that is not paid', () => {
  test('makes the subscription past due', async () => {
    const { billing, id, end } = await startFailing()
    billing.advanceTo(end + HOUR - 1)
    expect(await statusOf(billing, id)).toBe('active')
    billing.newEvents()
    billing.advanceTo(end + HOUR)
    expect(billing.newEvents()).toEqual([
      'payment_intent.created',
      'invoice.finalized',
      'charge.failed',
      'payment_intent.payment_failed',
      'customer.updated',
      'invoice.payment_failed',
      'customer.subscription.updated',
    ])
    expect(await statusOf(billing, id)).toBe('past_due')
  })

  test('makes the customer delinquent until it is paid', async () => {
    const { billing, id, end } = await startFailing()
    const { sdk, customer } = billing
    billing.advanceTo(end + HOUR)
    expect(await sdk.customers.retrieve(customer)).toMatchObject({ delinquent: true })
    const { data } = await sdk.invoices.list({ subscription: id, status: 'open' })
    const method = await sdk.paymentMethods.attach('pm_card_visa', { customer })
    await sdk.invoices.pay(data[0]?.id ?? '', { payment_method: method.id })
    expect(await sdk.customers.retrieve(customer)).toMatchObject({ delinquent: false })
  })

  test('is tried again on days 3, 5, 7 and 14, and ends the subscription on day 21', async () => {
    const { billing, id, end } = await startFailing()
    const failed = end + HOUR
    billing.advanceTo(failed)
    billing.newEvents()
    for (const [place, days] of [3, 5, 7, 14].entries()) {
      const [invoice] = (await billing.sdk.invoices.list({ subscription: id, status: 'open' })).data
      expect(invoice).toMatchObject({ attempt_count: place + 1, next_payment_attempt: failed + days * DAY })
      billing.advanceTo(failed + days * DAY)
      expect(billing.newEvents()).toEqual([
        'charge.failed',
        'payment_intent.payment_failed',
        'invoice.payment_failed',
        'invoice.updated',
      ])
    }
    const [invoice] = (await billing.sdk.invoices.list({ subscription: id, status: 'open' })).data
    expect(invoice).toMatchObject({ attempt_count: 5, next_payment_attempt: null })
    billing.advanceTo(failed + 21 * DAY - 1)
    expect(await statusOf(billing, id)).toBe('past_due')
    billing.advanceTo(failed + 21 * DAY)
    expect(billing.newEvents()).toEqual(['invoice.updated', 'customer.subscription.deleted'])
    expect(await billing.sdk.subscriptions.retrieve(id)).toMatchObject({
      status: 'canceled',
      cancellation_details: { reason: 'payment_failed' },
    })
    billing.advanceTo(failed + 90 * DAY)
    expect(billing.newEvents()).toEqual([])
  })

  test('is made good by a new card, at the next attempt', async () => {
    const { billing, id, end } = await startFailing()
    billing.advanceTo(end + HOUR)
    await billing.sdk.paymentMethods.attach('pm_card_visa', { customer: billing.customer })
    await setDefault(billing.sdk, billing.customer)
    billing.advanceTo(end + HOUR + 3 * DAY)
    expect(await statusOf(billing, id)).toBe('active')
  })

  test('is made good by paying the invoice', async () => {
    const { billing, id, end } = await startFailing()
    billing.advanceTo(end + HOUR)
    const [invoice] = (await billing.sdk.invoices.list({ subscription: id, status: 'open' })).data
    await expect(billing.sdk.invoices.pay(invoice?.id ?? '')).rejects.toMatchObject({
      statusCode: 402,
      code: 'card_declined',
    })
    billing.newEvents()
    const paid = await billing.sdk.invoices.pay(invoice?.id ?? '', { payment_method: 'pm_card_visa' })
    expect(paid).toMatchObject({ status: 'paid', attempt_count: 1 })
    expect(billing.newEvents()).toEqual(
      expect.arrayContaining(['invoice.paid', 'customer.subscription.updated']),
    )
    expect(await statusOf(billing, id)).toBe('active')
  })

  test('does not revive the subscription when it is paid after the end', async () => {
    const { billing, id, end } = await startFailing()
    billing.advanceTo(end + HOUR + 21 * DAY)
    const [invoice] = (await billing.sdk.invoices.list({ subscription: id, status: 'open' })).data
    expect(invoice?.auto_advance).toBe(false)
    await billing.sdk.invoices.pay(invoice?.id ?? '', { payment_method: 'pm_card_visa' })
    expect(await statusOf(billing, id)).toBe('canceled')
  })

  test.each(['voidInvoice', 'markUncollectible'] as const)('is forgiven by %s', async (forgive) => {
    const { billing, id, end } = await startFailing()
    billing.advanceTo(end + HOUR)
    const [invoice] = (await billing.sdk.invoices.list({ subscription: id, status: 'open' })).data
    await billing.sdk.invoices[forgive](invoice?.id ?? '')
    expect(await statusOf(billing, id)).toBe('active')
  })

  test('asks for the buyer where the card does', async () => {
    const billing = await startBilling({ card: 'pm_card_threeDSecure2Required' })
    const { id, trial_end } = await billing.subscribe({ trial_period_days: 14 })
    billing.advanceTo((trial_end ?? 0) + HOUR)
    expect(billing.newEvents()).toEqual(
      expect.arrayContaining([
        'payment_intent.requires_action',
        'invoice.payment_action_required',
        'invoice.payment_failed',
      ]),
    )
    expect(await statusOf(billing, id)).toBe('past_due')
  })
})

describe('a paused subscription', () => {
  test('has no periods until it is resumed, and then one that begins there', async () => {
    const billing = await startBilling()
    const { sdk } = billing
    const { id } = await billing.subscribe()
    const paused = await sdk.subscriptions.pause(id, { bill_for: { unused_time_from: { type: 'none' } } })
    expect(paused.status).toBe('paused')
    billing.advanceTo(billing.now() + 60 * DAY)
    expect((await sdk.invoices.list({ subscription: id })).data).toHaveLength(1)
    billing.newEvents()
    const resumed = await sdk.subscriptions.resume(id, { expand: ['latest_invoice'] })
    expect(resumed).toMatchObject({ status: 'active', billing_cycle_anchor: billing.now() })
    expect(resumed.status_details).toBeUndefined()
    expect(resumed.latest_invoice).toMatchObject({ status: 'paid', total: 2900 })
    expect(billing.newEvents()).toContain('customer.subscription.resumed')
  })

  test('stays paused where payment is waited for and does not come', async () => {
    const billing = await startBilling({ card: null })
    const { id, trial_end } = await billing.subscribe({
      trial_period_days: 14,
      trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
    })
    billing.advanceTo(trial_end ?? 0)
    const { status } = await billing.sdk.subscriptions.resume(id, {
      payment_behavior: 'resume_on_payment_success',
    })
    expect(status).toBe('paused')
    billing.advanceTo(billing.now() + 23 * HOUR)
    const { data } = await billing.sdk.invoices.list({ subscription: id, status: 'void' })
    expect(data).toHaveLength(1)
    expect(await statusOf(billing, id)).toBe('paused')
  })

  test('is not one whose collection is paused: that goes on without charges', async () => {
    const billing = await startBilling()
    const { sdk } = billing
    const made = await billing.subscribe()
    await sdk.subscriptions.update(made.id, { pause_collection: { behavior: 'void' } })
    billing.advanceTo(itemOf(made).current_period_end + HOUR)
    const [renewal] = (await sdk.invoices.list({ subscription: made.id })).data
    expect(renewal).toMatchObject({ status: 'void', amount_paid: 0 })
    expect(await statusOf(billing, made.id)).toBe('active')
  })
})

describe('an invoice that is sent', () => {
  test('is overdue when it is not paid by its day', async () => {
    const billing = await startBilling({ card: null })
    const { id } = await billing.subscribe({ collection_method: 'send_invoice', days_until_due: 10 })
    billing.advanceTo(billing.now() + HOUR)
    expect(billing.newEvents()).toContain('invoice.sent')
    expect(await statusOf(billing, id)).toBe('active')
    billing.advanceTo(billing.now() + 10 * DAY)
    expect(await statusOf(billing, id)).toBe('past_due')
    const [invoice] = (await billing.sdk.invoices.list({ subscription: id, status: 'open' })).data
    await billing.sdk.invoices.pay(invoice?.id ?? '', { paid_out_of_band: true })
    expect(await statusOf(billing, id)).toBe('active')
  })
})

test('a customer on a test clock lives by it alone', async () => {
  const billing = await startBilling()
  const { sdk, prices } = billing
  const clock = await sdk.testHelpers.testClocks.create({ frozen_time: at('2030-01-31T00:00:00') })
  const customer = await sdk.customers.create({ test_clock: clock.id, payment_method: 'pm_card_visa' })
  await setDefault(sdk, customer.id)
  const made = await sdk.subscriptions.create({ customer: customer.id, items: [{ price: prices.pro }] })
  expect(made.created).toBe(at('2030-01-31T00:00:00'))
  billing.advanceTo(at('2031-01-01T00:00:00'))
  expect(itemOf(await sdk.subscriptions.retrieve(made.id)).current_period_end).toBe(at('2030-02-28T00:00:00'))
  await sdk.testHelpers.testClocks.advance(clock.id, { frozen_time: at('2030-02-28T01:00:00') })
  const renewed = await sdk.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] })
  expect(itemOf(renewed).current_period_end).toBe(at('2030-03-31T00:00:00'))
  expect(renewed.latest_invoice).toMatchObject({ status: 'paid', created: at('2030-02-28T00:00:00') })
})

test('what cannot be done when it is due stops nothing else, and is tried once', async () => {
  const billing = await startBilling()
  const { sdk, stripe } = billing
  const [broken, whole] = [await billing.subscribe(), await billing.subscribe()]
  const end = itemOf(whole).current_period_end
  const held = stripe.store.get('subscription', broken.id)
  if (!held) throw new Error('It is not held')
  const data = held.items.data.map((item) => ({ ...item, price: null as unknown as typeof item.price }))
  const damaged = { ...held, items: { ...held.items, data } }
  stripe.store.change(() => stripe.store.put('subscription', damaged))
  const givenUp = new Set<string>()
  const advance = () => advanceBilling({ ...stripe, givenUp }, end + HOUR)
  expect(advance()).toMatchObject([{ what: `renewal of ${broken.id} at ${end}` }])
  expect(advance()).toEqual([])
  expect((await sdk.invoices.list({ subscription: whole.id, status: 'paid' })).data).toHaveLength(2)
  expect(stripe.store.get('subscription', broken.id)).toEqual(damaged)
})

test('collection goes on at the instant until which it was paused', async () => {
  const billing = await startBilling()
  const { id } = await billing.subscribe()
  const resumes_at = billing.now() + 5 * DAY
  await billing.sdk.subscriptions.update(id, { pause_collection: { behavior: 'void', resumes_at } })
  billing.newEvents()
  billing.advanceTo(resumes_at)
  expect(billing.newEvents()).toEqual(['customer.subscription.updated'])
  expect((await billing.sdk.subscriptions.retrieve(id)).pause_collection).toBeNull()
})
