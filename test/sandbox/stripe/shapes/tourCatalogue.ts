import type Stripe from 'stripe'
import type { Tourist } from './tour.ts'

export type Prices = Awaited<ReturnType<typeof fillCatalogue>>

/** Products, prices and what takes something off them. */
export async function fillCatalogue({ sdk }: Tourist) {
  const product = await sdk.products.create({
    name: 'Pro',
    description: 'For those who mean it',
    images: ['https://example.com/pro.png'],
    marketing_features: [{ name: 'Everything' }],
    unit_label: 'member',
  })
  const { id: month } = await sdk.prices.create({
    product: product.id,
    currency: 'usd',
    unit_amount: 2900,
    lookup_key: 'pro_month',
    recurring: { interval: 'month' },
  })
  const { id: year } = await sdk.prices.create({
    product: product.id,
    currency: 'usd',
    unit_amount: 29000,
    recurring: { interval: 'year' },
  })
  const once = await sdk.prices.create({ currency: 'usd', unit_amount: 500, product_data: { name: 'Setup' } })
  await sdk.prices.update(once.id, { active: false, nickname: 'gone' })
  const coupon = await sdk.coupons.create({ percent_off: 12.5, duration: 'repeating', duration_in_months: 3 })
  const amount = await sdk.coupons.create({
    amount_off: 700,
    currency: 'usd',
    name: 'Seven off',
    max_redemptions: 9,
  })
  const code = await sdk.promotionCodes.create({
    promotion: { type: 'coupon', coupon: coupon.id },
    code: 'WELCOME',
    restrictions: { first_time_transaction: true, minimum_amount: 100, minimum_amount_currency: 'usd' },
  })
  const unused = await sdk.coupons.create({ percent_off: 100, duration: 'forever' })
  await sdk.coupons.del(unused.id)
  return { product: product.id, month, year, coupon: coupon.id, amount: amount.id, code: code.id }
}

/** A customer who pays with this card; one without a card where it is null. */
export async function buyer(
  { sdk }: Tourist,
  card: string | null = 'pm_card_visa',
  more: Stripe.CustomerCreateParams = {},
) {
  if (card === null) return (await sdk.customers.create({ email: 'ada@example.com', ...more })).id
  const { id } = await sdk.customers.create({
    name: 'Ada',
    email: 'ada@example.com',
    address: { line1: '1 Long Road', city: 'Oakland', country: 'US', postal_code: '94607' },
    ...more,
  })
  const method = await sdk.paymentMethods.attach(card, { customer: id })
  await sdk.customers.update(id, { invoice_settings: { default_payment_method: method.id } })
  return id
}

/** Cards that come and go, and a customer who is deleted. */
export async function keepCards(tourist: Tourist): Promise<void> {
  const { sdk } = tourist
  const customer = await buyer(tourist)
  const method = await sdk.paymentMethods.create({
    type: 'card',
    card: { token: 'tok_mastercard' },
    billing_details: { name: 'Ada', address: { country: 'DE' } },
  })
  await sdk.paymentMethods.attach(method.id, { customer })
  await sdk.paymentMethods.update(method.id, { metadata: { kept: 'no' } })
  await sdk.customers.retrievePaymentMethod(customer, method.id)
  await sdk.paymentMethods.detach(method.id)
  await sdk.customers.del(customer)
  await sdk.customers.retrieve(customer)
}
