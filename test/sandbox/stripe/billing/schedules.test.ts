import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { at, type Billing, DAY, HOUR, itemOf, startBilling } from './startBilling.ts'

/** A subscription of 5 seats a year, which is to go on by the month. */
async function startDowngrade() {
  const billing = await startBilling()
  const { sdk, prices } = billing
  const made = await billing.subscribe({ items: [{ price: prices.teamYearly, quantity: 5 }] })
  billing.advanceTo(billing.now() + 40 * DAY)
  billing.newEvents()
  const schedule = await sdk.subscriptionSchedules.create({ from_subscription: made.id })
  const scheduled = await sdk.subscriptionSchedules.update(schedule.id, downgrade(billing, made, schedule))
  return { billing, made, schedule: scheduled, end: itemOf(made).current_period_end }
}

function downgrade(
  { prices }: Billing,
  made: Stripe.Subscription,
  { current_phase }: Stripe.SubscriptionSchedule,
): Stripe.SubscriptionScheduleUpdateParams {
  const { price, current_period_end } = itemOf(made)
  return {
    end_behavior: 'release',
    phases: [
      {
        items: [{ price: price.id, quantity: 5 }],
        start_date: current_phase?.start_date ?? 0,
        end_date: current_period_end,
      },
      {
        items: [{ price: prices.pro, quantity: 1 }],
        proration_behavior: 'none',
        duration: { interval: 'month', interval_count: 1 },
      },
    ],
  }
}

describe('a schedule', () => {
  test('of a subscription begins as what that is', async () => {
    const billing = await startBilling()
    const made = await billing.subscribe()
    const schedule = await billing.sdk.subscriptionSchedules.create({ from_subscription: made.id })
    const { current_period_start: start_date, current_period_end: end_date } = itemOf(made)
    expect(schedule).toMatchObject({
      status: 'active',
      subscription: made.id,
      end_behavior: 'release',
      current_phase: { start_date, end_date },
      phases: [{ start_date, end_date, items: [{ price: billing.prices.pro, quantity: 1 }] }],
    })
    expect((await billing.sdk.subscriptions.retrieve(made.id)).schedule).toBe(schedule.id)
    await expect(
      billing.sdk.subscriptionSchedules.create({ from_subscription: made.id }),
    ).rejects.toMatchObject({ statusCode: 400 })
  })

  test('changes nothing before its next phase begins', async () => {
    const { billing, made, end } = await startDowngrade()
    billing.advanceTo(end - 1)
    const held = itemOf(await billing.sdk.subscriptions.retrieve(made.id))
    expect(held.price.id).toBe(billing.prices.teamYearly)
    expect((await billing.sdk.invoices.list({ subscription: made.id })).data).toHaveLength(1)
  })

  test('changes the price with the renewal, without prorations', async () => {
    const { billing, made, end } = await startDowngrade()
    billing.advanceTo(end + HOUR)
    const changed = await billing.sdk.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] })
    expect(itemOf(changed)).toMatchObject({
      id: itemOf(made).id,
      price: { id: billing.prices.pro },
      quantity: 1,
      current_period_start: end,
      current_period_end: at('2027-02-10T12:00:00'),
    })
    expect(changed.latest_invoice).toMatchObject({
      total: 2900,
      status: 'paid',
      lines: { data: [{ amount: 2900 }] },
    })
  })

  test('lets the subscription go when its last phase is over', async () => {
    const { billing, made, schedule } = await startDowngrade()
    billing.advanceTo(at('2027-02-10T12:00:00'))
    expect(await billing.sdk.subscriptionSchedules.retrieve(schedule.id)).toMatchObject({
      status: 'released',
      released_subscription: made.id,
      subscription: null,
    })
    expect(await billing.sdk.subscriptions.retrieve(made.id)).toMatchObject({
      status: 'active',
      schedule: null,
    })
    expect(billing.newEvents()).toContain('subscription_schedule.released')
  })

  test('can end the subscription instead', async () => {
    const { billing, made, schedule } = await startDowngrade()
    await billing.sdk.subscriptionSchedules.update(schedule.id, { end_behavior: 'cancel' })
    billing.advanceTo(at('2027-02-10T12:00:00'))
    expect((await billing.sdk.subscriptions.retrieve(made.id)).status).toBe('canceled')
  })

  test('that is released changes nothing any more', async () => {
    const { billing, made, schedule, end } = await startDowngrade()
    const released = await billing.sdk.subscriptionSchedules.release(schedule.id)
    expect(released.status).toBe('released')
    billing.advanceTo(end)
    expect(itemOf(await billing.sdk.subscriptions.retrieve(made.id)).price.id).toBe(billing.prices.teamYearly)
    await expect(billing.sdk.subscriptionSchedules.release(schedule.id)).rejects.toMatchObject({
      statusCode: 400,
    })
  })

  test('is over with its subscription', async () => {
    const { billing, made, schedule } = await startDowngrade()
    await billing.sdk.subscriptions.cancel(made.id)
    expect(await billing.sdk.subscriptionSchedules.retrieve(schedule.id)).toMatchObject({
      status: 'canceled',
    })
  })

  test('shows in the preview of the renewal', async () => {
    const { billing, schedule } = await startDowngrade()
    expect(await billing.sdk.invoices.createPreview({ schedule: schedule.id })).toMatchObject({ total: 2900 })
  })

  test('keeps a trial that is on', async () => {
    const billing = await startBilling()
    const made = await billing.subscribe({ trial_period_days: 14 })
    const schedule = await billing.sdk.subscriptionSchedules.create({ from_subscription: made.id })
    const trial_end = made.trial_end ?? 0
    await billing.sdk.subscriptionSchedules.update(schedule.id, {
      phases: [
        {
          items: [{ price: billing.prices.pro, quantity: 1 }],
          start_date: schedule.current_phase?.start_date ?? 0,
          end_date: trial_end,
          trial_end,
        },
        { items: [{ price: billing.prices.team, quantity: 2 }], proration_behavior: 'none' },
      ],
    })
    expect((await billing.sdk.subscriptions.retrieve(made.id)).status).toBe('trialing')
    billing.advanceTo(trial_end + HOUR)
    const changed = await billing.sdk.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] })
    expect(changed).toMatchObject({ status: 'active', latest_invoice: { total: 3800, status: 'paid' } })
  })
})

describe('a phase to come', () => {
  async function startPhase(next: (billing: Billing) => object | Promise<object>) {
    const billing = await startBilling()
    const made = await billing.subscribe()
    const { id, current_phase } = await billing.sdk.subscriptionSchedules.create({
      from_subscription: made.id,
    })
    const { start_date = 0, end_date = 0 } = current_phase ?? {}
    const now = { items: [{ price: billing.prices.pro }], start_date, end_date }
    const then = { items: [{ price: billing.prices.team }], ...(await next(billing)) }
    const scheduled = billing.sdk.subscriptionSchedules.update(id, { phases: [now, then] })
    return { billing, made, end: end_date, scheduled }
  }

  test.each<[string, (billing: Billing) => object | Promise<object>]>([
    ['[items]', () => ({ items: [], proration_behavior: 'none' })],
    ['[items]', ({ prices: { pro } }) => ({ items: [{ price: pro }, { price: pro }] })],
    ['[items]', async ({ sdk }) => ({ items: [{ price: await priceInEuros(sdk) }] })],
    ['[default_payment_method]', () => ({ default_payment_method: 'pm_unknown' })],
    ['[discounts][0][coupon]', () => ({ discounts: [{ coupon: 'UNKNOWN' }] })],
  ])('is refused for a fault in its %s', async (where, next) => {
    const { scheduled } = await startPhase(next)
    await expect(scheduled).rejects.toMatchObject({ statusCode: 400, param: `phases[1]${where}` })
  })

  test('begins with its discount, though the coupon is gone by then', async () => {
    const coupon = 'HALF'
    const { billing, made, end, scheduled } = await startPhase(async ({ sdk }) => {
      await sdk.coupons.create({ id: coupon, percent_off: 50, duration: 'forever' })
      return { discounts: [{ coupon }] }
    })
    await scheduled
    await billing.sdk.coupons.del(coupon)
    billing.advanceTo(end + HOUR)
    const { data } = await billing.sdk.invoices.list({ subscription: made.id })
    expect(data[0]).toMatchObject({ status: 'paid', subtotal: 1900, total: 950 })
  })

  test('begins with its discount, though somebody else has used up the coupon', async () => {
    const coupon = 'ONE'
    const { billing, made, end, scheduled } = await startPhase(async ({ sdk }) => {
      await sdk.coupons.create({ id: coupon, percent_off: 50, duration: 'forever', max_redemptions: 1 })
      return { discounts: [{ coupon }] }
    })
    await scheduled
    await billing.subscribe({ discounts: [{ coupon }] })
    billing.advanceTo(end + HOUR)
    const { data } = await billing.sdk.invoices.list({ subscription: made.id })
    expect(data[0]).toMatchObject({ status: 'paid', total: 950 })
  })
})

async function priceInEuros(sdk: Stripe): Promise<string> {
  const recurring = { interval: 'month' } as const
  const product_data = { name: 'Pro' }
  return (await sdk.prices.create({ currency: 'eur', unit_amount: 2500, recurring, product_data })).id
}
