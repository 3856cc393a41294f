import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { payCheckoutSession } from '../../../../sandbox/stripe/billing/payCheckoutSession.ts'
import { type Billing, DAY, startBilling } from './startBilling.ts'

type CouponParams = Stripe.CouponCreateParams

const half = { percent_off: 50, duration: 'forever' } as const

/** A coupon for half the price, with what the parameters say differently. */
const makeCoupon = async ({ sdk }: Billing, params: CouponParams = {}) =>
  (await sdk.coupons.create({ ...half, ...params })).id

/** A code for half the price. */
async function makeCode({ sdk }: Billing, params: Partial<Stripe.PromotionCodeCreateParams> = {}) {
  const { id: coupon } = await sdk.coupons.create(half)
  return sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon }, code: 'SPRING', ...params })
}

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

describe('a coupon is refused', () => {
  test.each<[string, (billing: Billing, promotion_code: string) => Promise<unknown>]>([
    ['a subscription', ({ subscribe }, promotion_code) => subscribe({ discounts: [{ promotion_code }] })],
    ['a session', (billing, promotion_code) => openSession(billing, { discounts: [{ promotion_code }] })],
    [
      'who types its code',
      async (billing) => {
        const { id } = await openSession(billing, { allow_promotion_codes: true })
        payCheckoutSession(billing.stripe.at(), id, { promotionCode: 'SPRING' })
      },
    ],
  ])('by %s below its minimum', async (_who, attempt) => {
    const billing = await startBilling()
    const restrictions = { minimum_amount: 3000, minimum_amount_currency: 'usd' }
    const { id } = await makeCode(billing, { restrictions })
    await expect(attempt(billing, id)).rejects.toThrow('the minimum amount requirement is not met')
  })

  test('in another currency', async () => {
    const billing = await startBilling()
    const { id: coupon } = await billing.sdk.coupons.create({ amount_off: 500, currency: 'eur' })
    for (const attempt of [billing.subscribe, (params: object) => openSession(billing, params)]) {
      await expect(attempt({ discounts: [{ coupon }] })).rejects.toMatchObject({
        statusCode: 400,
        param: 'discounts[0][coupon]',
      })
    }
  })
})

test('a coupon and a code end at their instants', async () => {
  const billing = await startBilling()
  const ends = billing.now() + DAY
  const coupon = await makeCoupon(billing, { redeem_by: ends })
  const code = await makeCode(billing, { expires_at: ends })
  billing.advanceTo(ends)
  expect((await billing.sdk.coupons.retrieve(coupon)).valid).toBe(false)
  expect((await billing.sdk.promotionCodes.retrieve(code.id)).active).toBe(false)
})

test('a coupon for one product lowers no other', async () => {
  const billing = await startBilling()
  const { sdk, prices } = billing
  const { product } = await sdk.prices.retrieve(prices.team)
  const coupon = await makeCoupon(billing, { applies_to: { products: [product as string] } })
  const items = [{ price: prices.pro }, { price: prices.team }]
  const made = await billing.subscribe({ items, discounts: [{ coupon }], expand: ['latest_invoice'] })
  expect(made.latest_invoice).toMatchObject({ subtotal: 4800, total: 3850 })
  await expect(makeCoupon(billing, { applies_to: { products: ['prod_no'] } })).rejects.toMatchObject({
    code: 'resource_missing',
  })
})
