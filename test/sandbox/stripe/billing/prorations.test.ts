import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { at, DAY, HOUR, itemOf, startBilling } from './startBilling.ts'

const PLANS = ['pro', 'proYearly', 'team', 'teamYearly'] as const

describe('a preview', () => {
  test('with the same proration_date is the invoice that follows, to the cent', async () => {
    const change = fc.record({
      seconds: fc.integer({ min: 0, max: 40 * DAY }),
      plan: fc.constantFrom(...PLANS),
      quantity: fc.integer({ min: 1, max: 50 }),
    })
    const setting = fc.record({
      start: fc.integer({ min: at('2027-11-01T00:00:00'), max: at('2028-04-30T00:00:00') }),
      plan: fc.constantFrom(...PLANS),
      percentOff: fc.constantFrom(0, 10, 33),
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(setting, async ({ start, plan, percentOff, changes }) => {
        const billing = await startBilling({ at: new Date(start * 1000).toISOString() })
        const { sdk, prices } = billing
        const coupon =
          percentOff && (await sdk.coupons.create({ percent_off: percentOff, duration: 'forever' })).id
        const { id } = await billing.subscribe({
          items: [{ price: prices[plan] }],
          ...(coupon && { discounts: [{ coupon }] }),
        })
        for (const { seconds, plan: next, quantity } of changes) {
          billing.advanceTo(billing.now() + seconds)
          const held = itemOf(await sdk.subscriptions.retrieve(id))
          if (held.price.id === prices[next] && held.quantity === quantity) continue
          const items = [{ id: held.id, price: prices[next], quantity }]
          const details = {
            items,
            proration_behavior: 'always_invoice' as const,
            proration_date: billing.now(),
          }
          const preview = await sdk.invoices.createPreview({
            subscription: id,
            subscription_details: details,
          })
          billing.advanceTo(billing.now() + 20)
          const changed = await sdk.subscriptions.update(id, { ...details, expand: ['latest_invoice'] })
          const told = ({ amount, description }: { amount: number; description: string | null }) => [
            amount,
            description,
          ]
          const invoice = changed.latest_invoice
          if (typeof invoice !== 'object' || !invoice) throw new Error('There is no invoice')
          expect(invoice.total).toBe(preview.total)
          expect(invoice.amount_due).toBe(preview.amount_due)
          expect(invoice.lines.data.map(told)).toEqual(preview.lines.data.map(told))
        }
        await billing.close()
      }),
      { numRuns: 25 },
    )
  })

  test('leaves no trace', async () => {
    const billing = await startBilling()
    const { sdk, prices, stripe } = billing
    const made = await billing.subscribe()
    const before = JSON.stringify(stripe.store.contents().filter(({ kind }) => kind !== 'idempotent_reply'))
    const preview = await sdk.invoices.createPreview({
      subscription: made.id,
      subscription_details: { items: [{ id: itemOf(made).id, price: prices.team, quantity: 3 }] },
    })
    expect(preview.id).toMatch(/^upcoming_in_/)
    const after = JSON.stringify(stripe.store.contents().filter(({ kind }) => kind !== 'idempotent_reply'))
    expect(after).toBe(before)
  })

  test('without prorations is the renewal at the new price', async () => {
    const billing = await startBilling()
    const { sdk, prices } = billing
    const made = await billing.subscribe()
    billing.advanceTo(billing.now() + 5 * DAY)
    const items = [{ id: itemOf(made).id, price: prices.team, quantity: 3 }]
    const preview = await sdk.invoices.createPreview({
      customer: billing.customer,
      subscription: made.id,
      subscription_details: { items, proration_behavior: 'none' },
    })
    expect(preview).toMatchObject({ total: 5700, billing_reason: 'upcoming', status: 'draft' })
    expect(preview.lines.data).toMatchObject([
      { amount: 5700, period: { start: itemOf(made).current_period_end } },
    ])
  })

  test('of canceling now is what is given back', async () => {
    const billing = await startBilling()
    const made = await billing.subscribe()
    billing.advanceTo(billing.now() + 15.5 * DAY)
    const preview = await billing.sdk.invoices.createPreview({
      subscription: made.id,
      subscription_details: { cancel_now: true },
    })
    expect(preview.total).toBe(-1450)
  })

  test('of nothing to come is refused', async () => {
    const billing = await startBilling()
    const { id } = await billing.subscribe()
    await billing.sdk.subscriptions.update(id, { cancel_at_period_end: true })
    await expect(billing.sdk.invoices.createPreview({ subscription: id })).rejects.toMatchObject({
      code: 'invoice_upcoming_none',
    })
  })

  test('of a new subscription is its first invoice', async () => {
    const billing = await startBilling({ card: null })
    const preview = await billing.sdk.invoices.createPreview({
      customer: billing.customer,
      subscription_details: { items: [{ price: billing.prices.team, quantity: 4 }] },
    })
    expect(preview.total).toBe(7600)
    expect((await billing.sdk.subscriptions.list({ status: 'all' })).data).toEqual([])
  })
})

describe('prorations', () => {
  test('wait for the next invoice unless they are invoiced at once', async () => {
    const billing = await startBilling()
    const { sdk, prices } = billing
    const made = await billing.subscribe()
    billing.advanceTo(billing.now() + 15.5 * DAY)
    await sdk.subscriptions.update(made.id, {
      items: [{ id: itemOf(made).id, price: prices.team, quantity: 2 }],
    })
    const { data: pending } = await sdk.invoiceItems.list({ customer: billing.customer, pending: true })
    expect(pending.map(({ amount }) => amount)).toEqual([1900, -1450])
    billing.advanceTo(itemOf(made).current_period_end + HOUR)
    const [renewal] = (await sdk.invoices.list({ subscription: made.id })).data
    expect(renewal?.lines.data.map(({ amount }) => amount)).toEqual([-1450, 1900, 3800])
    expect(renewal).toMatchObject({ status: 'paid', total: 4250 })
    expect((await sdk.invoiceItems.list({ customer: billing.customer, pending: true })).data).toEqual([])
  })

  test('credit what was debited, not what it costs by now', async () => {
    const billing = await startBilling()
    const { sdk, prices } = billing
    const coupon = await sdk.coupons.create({ percent_off: 50, duration: 'once' })
    const made = await billing.subscribe({ discounts: [{ coupon: coupon.id }] })
    expect((await sdk.subscriptions.retrieve(made.id)).discounts).toEqual([])
    billing.advanceTo(billing.now() + 15.5 * DAY)
    const changed = await sdk.subscriptions.update(made.id, {
      items: [{ id: itemOf(made).id, price: prices.team }],
      proration_behavior: 'always_invoice',
      expand: ['latest_invoice'],
    })
    expect(changed.latest_invoice).toMatchObject({ lines: { data: [{ amount: -725 }, { amount: 950 }] } })
  })

  test('that give back go to the balance, and from there to the next invoice', async () => {
    const billing = await startBilling()
    const { sdk, prices } = billing
    const made = await billing.subscribe({ items: [{ price: prices.proYearly }] })
    await sdk.subscriptions.update(made.id, {
      items: [{ id: itemOf(made).id, price: prices.pro }],
      proration_behavior: 'always_invoice',
    })
    expect(await sdk.customers.retrieve(billing.customer)).toMatchObject({ balance: -26100 })
    billing.advanceTo(at('2026-02-10T13:00:00'))
    const [renewal] = (await sdk.invoices.list({ subscription: made.id })).data
    expect(renewal).toMatchObject({
      status: 'paid',
      total: 2900,
      amount_due: 0,
      starting_balance: -26100,
      ending_balance: -23200,
    })
  })

  test('outside of the period are refused', async () => {
    const billing = await startBilling()
    const made = await billing.subscribe()
    const change = {
      items: [{ id: itemOf(made).id, quantity: 2 }],
      proration_date: billing.now() - DAY,
    }
    await expect(billing.sdk.subscriptions.update(made.id, change)).rejects.toMatchObject({
      statusCode: 400,
      param: 'proration_date',
    })
  })

  test('are none during a trial', async () => {
    const billing = await startBilling()
    const made = await billing.subscribe({ trial_period_days: 14 })
    const changed = await billing.sdk.subscriptions.update(made.id, {
      items: [{ id: itemOf(made).id, price: billing.prices.team, quantity: 5 }],
      proration_behavior: 'always_invoice',
    })
    expect(changed).toMatchObject({ status: 'trialing', latest_invoice: made.latest_invoice })
    expect((await billing.sdk.invoiceItems.list({ pending: true })).data).toEqual([])
  })
})

describe('a change whose payment fails', () => {
  const startWithBadCard = async () => {
    const billing = await startBilling()
    const made = await billing.subscribe()
    const bad = await billing.sdk.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: billing.customer,
    })
    await billing.sdk.subscriptions.update(made.id, { default_payment_method: bad.id })
    const change = {
      items: [{ id: itemOf(made).id, price: billing.prices.team, quantity: 10 }],
      proration_behavior: 'always_invoice' as const,
    }
    billing.newEvents()
    return { billing, made, change }
  }

  test('changes nothing with error_if_incomplete', async () => {
    const { billing, made, change } = await startWithBadCard()
    const before = await billing.sdk.subscriptions.retrieve(made.id)
    await expect(
      billing.sdk.subscriptions.update(made.id, { ...change, payment_behavior: 'error_if_incomplete' }),
    ).rejects.toMatchObject({ statusCode: 402, type: 'StripeCardError' })
    expect(billing.newEvents()).toEqual([])
    const { lastResponse: _, ...after } = await billing.sdk.subscriptions.retrieve(made.id)
    expect(after).toEqual({ ...before, lastResponse: undefined })
    expect((await billing.sdk.invoices.list({ subscription: made.id })).data).toHaveLength(1)
  })

  test('makes it past due with allow_incomplete', async () => {
    const { billing, made, change } = await startWithBadCard()
    const changed = await billing.sdk.subscriptions.update(made.id, change)
    expect(changed.status).toBe('past_due')
    expect(itemOf(changed).quantity).toBe(10)
  })

  test('waits for the payment with pending_if_incomplete', async () => {
    const { billing, made, change } = await startWithBadCard()
    const pending = await billing.sdk.subscriptions.update(made.id, {
      ...change,
      payment_behavior: 'pending_if_incomplete',
    })
    expect(pending.status).toBe('active')
    expect(itemOf(pending).quantity).toBe(1)
    expect(pending.pending_update).toMatchObject({ expires_at: billing.now() + 23 * HOUR })
    const invoice = pending.latest_invoice as string
    await billing.sdk.invoices.pay(invoice, { payment_method: 'pm_card_visa' })
    const applied = await billing.sdk.subscriptions.retrieve(made.id)
    expect(applied.pending_update).toBeNull()
    expect(itemOf(applied).quantity).toBe(10)
    expect(billing.newEvents()).toContain('customer.subscription.pending_update_applied')
  })

  test('is forgotten when it waited in vain', async () => {
    const { billing, made, change } = await startWithBadCard()
    await billing.sdk.subscriptions.update(made.id, { ...change, payment_behavior: 'pending_if_incomplete' })
    billing.advanceTo(billing.now() + 23 * HOUR)
    const left = await billing.sdk.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] })
    expect(left.pending_update).toBeNull()
    expect(itemOf(left).quantity).toBe(1)
    expect(left.latest_invoice).toMatchObject({ status: 'void' })
  })
})

describe('the items of a subscription', () => {
  test('without an id are added, and can be removed', async () => {
    const billing = await startBilling()
    const { sdk, prices } = billing
    const made = await billing.subscribe()
    const two = await sdk.subscriptions.update(made.id, { items: [{ price: prices.team, quantity: 3 }] })
    expect(two.items.data.map(({ price }) => price.id)).toEqual([prices.pro, prices.team])
    await sdk.subscriptionItems.del(itemOf(made).id, { proration_behavior: 'none' })
    const { data } = await sdk.subscriptionItems.list({ subscription: made.id })
    expect(data.map(({ price, quantity }) => [price.id, quantity])).toEqual([[prices.team, 3]])
    const [left] = data
    expect((await sdk.subscriptionItems.update(left?.id ?? '', { quantity: 7 })).quantity).toBe(7)
    await expect(sdk.subscriptionItems.del(left?.id ?? '')).rejects.toMatchObject({ statusCode: 400 })
  })

  test('of another subscription are refused', async () => {
    const billing = await startBilling()
    const [one, other] = [await billing.subscribe(), await billing.subscribe()]
    await expect(
      billing.sdk.subscriptions.update(one.id, { items: [{ id: itemOf(other).id, quantity: 2 }] }),
    ).rejects.toMatchObject({ code: 'resource_missing' })
  })
})

test('a preview of what recurs has neither prorations nor what is pending', async () => {
  const billing = await startBilling()
  const { sdk, prices, customer } = billing
  const made = await billing.subscribe()
  await sdk.invoiceItems.create({ customer, amount: 500, currency: 'usd' })
  billing.advanceTo(billing.now() + 10 * DAY)
  const preview = await sdk.invoices.createPreview({
    subscription: made.id,
    preview_mode: 'recurring',
    subscription_details: { items: [{ id: itemOf(made).id, price: prices.team, quantity: 3 }] },
  })
  expect(preview).toMatchObject({ total: 5700, lines: { data: [{ amount: 5700 }] } })
  expect(preview.lines.data).toHaveLength(1)
})
