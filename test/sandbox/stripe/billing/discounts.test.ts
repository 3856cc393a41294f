import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { payCheckoutSession } from '../../../../sandbox/stripe/billing/payCheckoutSession.ts'
import { type Billing, DAY, startBilling } from './startBilling.ts'

type CouponParams = Stripe.CouponCreateParams

const half = { percent_off: 50, duration: 'forever' } as const

/** A coupon for half the price, with what the parameters say differently. */
const makeCoupon = async ({ sdk }: Billing, params: CouponParams = {}) =>
  (await sdk.coupons.create({ ...half, ...params })).id

const openSession = ({ sdk, customer, prices }: Billing, params: Stripe.Checkout.SessionCreateParams) =>
  sdk.checkout.sessions.create({
    mode: 'subscription',
    customer,
    line_items: [{ price: prices.pro, quantity: 1 }],
    success_url: 'https://example.com/done',
    ...params,
  })

describe('what was granted off', () => {
  test('in an open session stays in its lines when the coupon is used up elsewhere', async () => {
    const billing = await startBilling()
    const coupon = await makeCoupon(billing, { max_redemptions: 1 })
    const { id } = await openSession(billing, { discounts: [{ coupon }] })
    await billing.subscribe({ discounts: [{ coupon }] })
    const { data } = await billing.sdk.checkout.sessions.listLineItems(id)
    expect(data).toMatchObject([{ amount_discount: 1450, amount_total: 1450 }])
    expect(
      (await billing.sdk.checkout.sessions.retrieve(id, { expand: ['line_items'] })).line_items,
    ).toMatchObject({ data: [{ amount_total: 1450 }] })
  })

  test('shows in the lines of a session that is paid', async () => {
    const billing = await startBilling()
    const { id } = await openSession(billing, { discounts: [{ coupon: await makeCoupon(billing) }] })
    billing.stripe.store.change(() => payCheckoutSession(billing.stripe.at(), id))
    const { data } = await billing.sdk.checkout.sessions.listLineItems(id)
    expect(data).toMatchObject([{ amount_total: 1450 }])
  })

  test('is not taken away with the coupon, also when another one has its name', async () => {
    const billing = await startBilling()
    const { sdk } = billing
    const coupon = await makeCoupon(billing, { id: 'LAUNCH' })
    const { id } = await billing.subscribe({ discounts: [{ coupon }] })
    await sdk.coupons.del(coupon)
    expect(await sdk.invoices.createPreview({ subscription: id })).toMatchObject({ total: 1450 })
    billing.advanceTo(billing.now() + DAY)
    await makeCoupon(billing, { id: 'LAUNCH', percent_off: 10 })
    expect(await sdk.invoices.createPreview({ subscription: id })).toMatchObject({ total: 1450 })
  })
})
