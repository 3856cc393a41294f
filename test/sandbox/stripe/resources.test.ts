import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { createDispute } from '../../../sandbox/stripe/resources/createDispute.ts'
import { startStripe } from './startStripe.ts'

type Client = Stripe

async function eventsOf(sdk: Client): Promise<string[]> {
  const { data } = await sdk.events.list({ limit: 100 })
  return data.map(({ type }) => type).reverse()
}

/** The charge of somebody who has subscribed for 29 dollars. */
async function payOnce(sdk: Client): Promise<Stripe.Charge> {
  const customer = await sdk.customers.create({
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  })
  const price = await sdk.prices.create({
    currency: 'usd',
    unit_amount: 2900,
    recurring: { interval: 'month' },
    product_data: { name: 'Pro' },
  })
  await sdk.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] })
  const [charge] = (await sdk.charges.list({ customer: customer.id })).data
  if (!charge) throw new Error('Nothing was charged')
  return charge
}

describe('products and prices', () => {
  test('are made, changed, found and told of', async () => {
    const { sdk } = await startStripe()
    const product = await sdk.products.create({ id: 'frontgate_pro', name: 'Pro', metadata: { plan: 'pro' } })
    expect(product).toMatchObject({ id: 'frontgate_pro', active: true, default_price: null })
    await expect(sdk.products.create({ id: 'frontgate_pro', name: 'Pro' })).rejects.toMatchObject({
      code: 'resource_already_exists',
    })
    await sdk.products.update(product.id, { name: 'Pro+', description: 'For teams' })
    const price = await sdk.prices.create({
      product: product.id,
      currency: 'USD',
      unit_amount: 2900,
      recurring: { interval: 'month' },
      lookup_key: 'pro_month',
      nickname: 'monthly',
    })
    expect(price).toMatchObject({
      type: 'recurring',
      currency: 'usd',
      unit_amount: 2900,
      recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' },
    })
    expect(price.unit_amount_decimal?.toString()).toBe('2900')
    expect((await sdk.prices.list({ lookup_keys: ['pro_month', 'other'] })).data).toMatchObject([
      { id: price.id },
    ])
    expect((await sdk.prices.list({ lookup_keys: ['other'] })).data).toEqual([])
    expect((await sdk.products.list({ ids: [product.id], active: false })).data).toEqual([])
    expect(await eventsOf(sdk)).toEqual(['product.created', 'product.updated', 'price.created'])
  })

  test('a product can be deleted as long as it has no price', async () => {
    const { sdk } = await startStripe()
    const { id } = await sdk.products.create({ name: 'Pro' })
    const { id: sold } = await sdk.products.create({ name: 'Team' })
    await sdk.prices.create({
      product: sold,
      currency: 'usd',
      unit_amount: 100,
      billing_scheme: 'per_unit',
    })
    expect(await sdk.products.del(id)).toMatchObject({ id, deleted: true })
    await expect(sdk.products.retrieve(id)).rejects.toMatchObject({ statusCode: 404 })
    await expect(sdk.products.del(sold)).rejects.toMatchObject({ statusCode: 400 })
    expect(await eventsOf(sdk)).toContain('product.deleted')
  })

  test('a lookup key is one price’s, unless it is transferred', async () => {
    const { sdk } = await startStripe()
    const { id: product } = await sdk.products.create({ name: 'Pro' })
    const wanted = { product, currency: 'usd', unit_amount: 100, lookup_key: 'pro' }
    const first = await sdk.prices.create(wanted)
    await expect(sdk.prices.create(wanted)).rejects.toThrow('already uses that lookup key')
    const second = await sdk.prices.create({ ...wanted, transfer_lookup_key: true })
    expect(await sdk.prices.retrieve(first.id)).toMatchObject({ lookup_key: null })
    expect(await sdk.prices.update(second.id, { active: false })).toMatchObject({
      active: false,
      lookup_key: 'pro',
    })
    expect((await sdk.prices.list({ active: true })).data).toMatchObject([{ id: first.id }])
  })

  test('a price needs a product that exists, or makes one', async () => {
    const { sdk } = await startStripe()
    const amount = { currency: 'usd', unit_amount: 100 }
    await expect(sdk.prices.create({ ...amount, product: 'prod_no' })).rejects.toMatchObject({
      statusCode: 400,
      code: 'resource_missing',
      param: 'product',
    })
    const price = await sdk.prices.create({ ...amount, product_data: { name: 'Once' }, expand: ['product'] })
    expect(price).toMatchObject({ type: 'one_time', recurring: null, product: { name: 'Once' } })
    await expect(sdk.prices.retrieve('price_no')).rejects.toMatchObject({
      statusCode: 404,
      message: "No such price: 'price_no'",
    })
  })
})

describe('coupons and promotion codes', () => {
  test('a coupon takes off either a part or an amount', async () => {
    const { sdk } = await startStripe()
    const coupon = await sdk.coupons.create({
      percent_off: 12.5,
      duration: 'repeating',
      duration_in_months: 3,
    })
    expect(coupon).toMatchObject({ percent_off: 12.5, amount_off: null, valid: true, times_redeemed: 0 })
    await expect(sdk.coupons.create({ percent_off: 10, amount_off: 5, currency: 'usd' })).rejects.toThrow(
      'either percent_off or amount_off',
    )
    await expect(sdk.coupons.create({ amount_off: 5 })).rejects.toMatchObject({ param: 'currency' })
    await expect(sdk.coupons.create({ percent_off: 101 })).rejects.toMatchObject({ param: 'percent_off' })
    expect(await sdk.coupons.update(coupon.id, { name: 'Spring' })).toMatchObject({ name: 'Spring' })
    expect(await sdk.coupons.del(coupon.id)).toMatchObject({ deleted: true })
    await expect(sdk.coupons.retrieve(coupon.id)).rejects.toMatchObject({ statusCode: 404 })
    expect(await eventsOf(sdk)).toEqual(['coupon.created', 'coupon.updated', 'coupon.deleted'])
  })

  test('a code is known in any case, and once while it is active', async () => {
    const { sdk } = await startStripe()
    const { id: coupon } = await sdk.coupons.create({ id: 'SPRING', percent_off: 20 })
    const promotion = { type: 'coupon', coupon } as const
    const code = await sdk.promotionCodes.create({
      promotion,
      code: 'Spring20',
      expand: ['promotion.coupon'],
    })
    expect(code.promotion.coupon).toMatchObject({ id: 'SPRING', percent_off: 20 })
    await expect(sdk.promotionCodes.create({ promotion, code: 'SPRING20' })).rejects.toThrow('already exists')
    expect((await sdk.promotionCodes.list({ code: 'spring20', active: true })).data).toMatchObject([
      { id: code.id },
    ])
    await sdk.promotionCodes.update(code.id, { active: false })
    await sdk.promotionCodes.create({ promotion, code: 'SPRING20', max_redemptions: 1 })
    expect((await sdk.promotionCodes.list({ coupon, active: true })).data).toHaveLength(1)
    await expect(
      sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: 'NO' } }),
    ).rejects.toMatchObject({ param: 'promotion[coupon]' })
  })
})

describe('customers', () => {
  test('are made, changed and found by address', async () => {
    const { sdk } = await startStripe()
    const ada = await sdk.customers.create({
      email: 'ada@customer.example',
      name: 'Ada',
      address: { country: 'DE', city: 'Berlin' },
      metadata: { account: '1' },
    })
    expect(ada).toMatchObject({ address: { country: 'DE', line1: null }, balance: 0, tax_exempt: 'none' })
    await sdk.customers.create({ email: 'grace@customer.example' })
    expect((await sdk.customers.list({ email: 'ada@customer.example' })).data).toMatchObject([{ id: ada.id }])
    await sdk.customers.update(ada.id, { address: '', email: 'ada@new.example' })
    expect(await sdk.customers.retrieve(ada.id)).toMatchObject({ address: null, email: 'ada@new.example' })
  })

  test('once deleted, answer as deleted, and cannot be changed or found', async () => {
    const { sdk } = await startStripe()
    const { id } = await sdk.customers.create({
      email: 'ada@customer.example',
      payment_method: 'pm_card_visa',
    })
    expect({ ...(await sdk.customers.del(id)) }).toEqual({ id, object: 'customer', deleted: true })
    expect(await sdk.customers.retrieve(id)).toMatchObject({ id, deleted: true })
    await expect(sdk.customers.update(id, { name: 'Ada' })).rejects.toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
    })
    expect((await sdk.customers.list()).data).toEqual([])
    expect(await eventsOf(sdk)).toEqual(['customer.created', 'payment_method.attached', 'customer.deleted'])
  })

  test('are made with a card that is their default', async () => {
    const { sdk } = await startStripe()
    const { invoice_settings } = await sdk.customers.create({
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
      expand: ['invoice_settings.default_payment_method'],
    })
    expect(invoice_settings.default_payment_method).toMatchObject({ card: { last4: '4242' } })
  })

  test('have only their own payment methods as default', async () => {
    const { sdk } = await startStripe()
    const { id } = await sdk.customers.create({})
    const method = await sdk.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } })
    const makeDefault = () =>
      sdk.customers.update(id, { invoice_settings: { default_payment_method: method.id } })
    await expect(makeDefault()).rejects.toMatchObject({ code: 'resource_missing' })
    await sdk.paymentMethods.attach(method.id, { customer: id })
    expect((await makeDefault()).invoice_settings.default_payment_method).toBe(method.id)
    await sdk.paymentMethods.detach(method.id)
    expect(await sdk.customers.retrieve(id)).toMatchObject({
      invoice_settings: { default_payment_method: null },
    })
  })
})

describe('payment methods', () => {
  test('are of test cards', async () => {
    const { sdk } = await startStripe()
    const card = { number: '5555 5555 5555 4444', exp_month: 3, exp_year: 2040, cvc: '123' }
    const method = await sdk.paymentMethods.create({ type: 'card', card, billing_details: { name: 'Ada' } })
    expect(method).toMatchObject({
      card: { brand: 'mastercard', last4: '4444', exp_month: 3, exp_year: 2040 },
      billing_details: { name: 'Ada' },
      customer: null,
    })
    const unknown = sdk.paymentMethods.create({ type: 'card', card: { number: '4111111111111111' } })
    await expect(unknown).rejects.toMatchObject({ type: 'StripeCardError', code: 'incorrect_number' })
  })

  test('that have expired are refused', async () => {
    const { sdk } = await startStripe()
    const card = { token: 'tok_visa', exp_month: 3, exp_year: 2020 }
    await expect(sdk.paymentMethods.create({ type: 'card', card })).rejects.toMatchObject({
      statusCode: 402,
      code: 'invalid_expiry_year',
    })
    const { id } = await sdk.paymentMethods.create({ type: 'card', card: { ...card, exp_year: 2099 } })
    await expect(sdk.paymentMethods.update(id, { card: { exp_year: 2020 } })).rejects.toMatchObject({
      code: 'invalid_expiry_year',
    })
  })

  test('that were detached are nobody’s any more', async () => {
    const { sdk } = await startStripe()
    const customer = (await sdk.customers.create({ payment_method: 'pm_card_visa' })).id
    const [method] = (await sdk.customers.listPaymentMethods(customer)).data
    await sdk.paymentMethods.detach(method?.id ?? '')
    await expect(sdk.paymentMethods.attach(method?.id ?? '', { customer })).rejects.toThrow(
      'It may not be used again.',
    )
  })

  test('belong to one customer at a time', async () => {
    const { sdk } = await startStripe()
    const [ada, grace] = [await sdk.customers.create({}), await sdk.customers.create({})]
    const { id } = await sdk.paymentMethods.attach('pm_card_visa', { customer: ada.id })
    expect((await sdk.paymentMethods.attach(id, { customer: ada.id })).customer).toBe(ada.id)
    await expect(sdk.paymentMethods.attach(id, { customer: grace.id })).rejects.toThrow(
      'already been attached',
    )
    expect((await sdk.customers.listPaymentMethods(ada.id)).data).toMatchObject([{ id }])
    expect((await sdk.paymentMethods.list({ customer: grace.id, type: 'card' })).data).toEqual([])
    expect((await sdk.customers.retrievePaymentMethod(ada.id, id)).id).toBe(id)
    await sdk.paymentMethods.update(id, { metadata: { a: '1' } })
    await sdk.paymentMethods.detach(id)
    expect((await sdk.customers.listPaymentMethods(ada.id)).data).toEqual([])
    expect((await eventsOf(sdk)).slice(2)).toEqual([
      'payment_method.attached',
      'payment_method.updated',
      'payment_method.detached',
    ])
  })

  test.each([
    ['pm_card_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc'],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error'],
  ])('%s is declined when it is attached', async (token, code, decline_code) => {
    const { sdk } = await startStripe()
    const { id } = await sdk.customers.create({})
    await expect(sdk.paymentMethods.attach(token, { customer: id })).rejects.toMatchObject({
      type: 'StripeCardError',
      statusCode: 402,
      code,
      decline_code,
    })
  })

  test.each([
    'pm_card_chargeCustomerFail',
    'pm_card_threeDSecure2Required',
    'pm_card_authenticationRequired',
    'pm_card_visa_chargeCustomerFail',
    'pm_card_amex',
    'pm_card_discover',
    'pm_card_us',
    'pm_card_visa_debit',
  ])('%s is attached', async (token) => {
    const { sdk } = await startStripe()
    const { id } = await sdk.customers.create({})
    expect((await sdk.paymentMethods.attach(token, { customer: id })).customer).toBe(id)
  })
})

describe('what was paid', () => {
  test('is paid back in parts, and no more than that', async () => {
    const { sdk } = await startStripe()
    const charge = await payOnce(sdk)
    const payment_intent = charge.payment_intent as string
    const before = (await eventsOf(sdk)).length
    const part = await sdk.refunds.create({ payment_intent, amount: 900, reason: 'requested_by_customer' })
    expect(part).toMatchObject({ amount: 900, charge: charge.id, payment_intent, status: 'succeeded' })
    expect(await sdk.charges.retrieve(charge.id)).toMatchObject({ amount_refunded: 900, refunded: false })
    expect((await eventsOf(sdk)).slice(before)).toEqual([
      'refund.created',
      'charge.refunded',
      'refund.updated',
      'charge.refund.updated',
    ])
    await expect(sdk.refunds.create({ charge: charge.id, amount: 2001 })).rejects.toThrow(
      'Refund amount ($20.01) is greater than unrefunded amount on charge ($20.00)',
    )
    expect(await sdk.refunds.create({ charge: charge.id })).toMatchObject({ amount: 2000 })
    expect(await sdk.charges.retrieve(charge.id)).toMatchObject({ amount_refunded: 2900, refunded: true })
    await expect(sdk.refunds.create({ charge: charge.id })).rejects.toMatchObject({
      code: 'charge_already_refunded',
    })
    expect((await sdk.refunds.list({ charge: charge.id })).data).toHaveLength(2)
    expect((await sdk.refunds.retrieve(part.id)).id).toBe(part.id)
  })

  test('is found by customer, and expands from the charge to the card', async () => {
    const { sdk } = await startStripe()
    const { id, customer } = await payOnce(sdk)
    const expand = ['data.latest_charge.payment_method']
    const { data } = await sdk.paymentIntents.list({ customer: customer as string, expand })
    expect(data).toMatchObject([{ latest_charge: { id, payment_method: { card: { last4: '4242' } } } }])
    expect((await sdk.charges.list({ customer: 'cus_other' })).data).toEqual([])
  })

  test('is disputed once, and conceded when the dispute is closed', async () => {
    const { sdk, stripe } = await startStripe()
    const { id: charge } = await payOnce(sdk)
    const before = (await eventsOf(sdk)).length
    const dispute = stripe.store.change(() => createDispute(stripe.at(), charge))
    expect(await sdk.charges.retrieve(charge)).toMatchObject({ disputed: true })
    expect((await sdk.disputes.list({ charge })).data).toMatchObject([
      { id: dispute.id, status: 'needs_response' },
    ])
    expect(await sdk.disputes.close(dispute.id)).toMatchObject({ status: 'lost' })
    await expect(sdk.disputes.close(dispute.id)).rejects.toMatchObject({ statusCode: 400 })
    expect(() => stripe.store.change(() => createDispute(stripe.at(), charge))).toThrow('disputed already')
    expect((await eventsOf(sdk)).slice(before)).toEqual([
      'charge.updated',
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.closed',
    ])
  })
})

describe('a dispute', () => {
  async function startDisputed() {
    const { sdk, stripe } = await startStripe()
    const { id: charge } = await payOnce(sdk)
    const { id } = stripe.store.change(() => createDispute(stripe.at(), charge))
    const before = (await eventsOf(sdk)).length
    return { sdk, charge, id, newEvents: async () => (await eventsOf(sdk)).slice(before) }
  }

  test.each([
    ['winning_evidence', 'won', ['charge.dispute.funds_reinstated']],
    ['losing_evidence', 'lost', []],
  ])('is decided by the %s', async (uncategorized_text, status, more) => {
    const { sdk, id, newEvents } = await startDisputed()
    const answered = await sdk.disputes.update(id, { evidence: { uncategorized_text } })
    expect(answered).toMatchObject({ status, evidence_details: { submission_count: 1 } })
    expect(await newEvents()).toEqual(['charge.dispute.updated', 'charge.dispute.closed', ...more])
    const evidence = { customer_name: 'Ada' }
    await expect(sdk.disputes.update(id, { evidence })).rejects.toMatchObject({ statusCode: 400 })
  })

  test('waits for evidence to be submitted, and then for the bank', async () => {
    const { sdk, id } = await startDisputed()
    const staged = await sdk.disputes.update(id, { evidence: { customer_name: 'Ada' }, submit: false })
    expect(staged).toMatchObject({ status: 'needs_response', evidence: { customer_name: 'Ada' } })
    const submitted = await sdk.disputes.update(id, { evidence: { product_description: 'Pro' } })
    expect(submitted).toMatchObject({ status: 'under_review', evidence: { customer_name: 'Ada' } })
  })

  test('leaves nothing to pay back, unless it is won', async () => {
    const { sdk, id, charge } = await startDisputed()
    const code = 'charge_disputed'
    await expect(sdk.refunds.create({ charge })).rejects.toMatchObject({ statusCode: 400, code })
    await sdk.disputes.update(id, { evidence: { uncategorized_text: 'winning_evidence' } })
    const refund = await sdk.refunds.create({ charge })
    expect(await sdk.refunds.update(refund.id, { metadata: { a: '1' } })).toMatchObject({
      metadata: { a: '1' },
    })
    const { refunds } = await sdk.charges.retrieve(charge, { expand: ['refunds'] })
    expect(refunds?.data).toMatchObject([{ id: refund.id }])
  })
})

test('a deleted customer’s subscriptions are canceled', async () => {
  const { sdk } = await startStripe()
  const { customer } = await payOnce(sdk)
  await sdk.customers.del(customer as string)
  const { data } = await sdk.subscriptions.list({ status: 'all' })
  expect(data).toMatchObject([{ status: 'canceled' }])
  expect((await eventsOf(sdk)).slice(-2)).toEqual(['customer.subscription.deleted', 'customer.deleted'])
})

describe('events', () => {
  test('are found by type, time and their ends', async () => {
    const { sdk, pass } = await startStripe()
    await sdk.customers.create({})
    pass(10 * 86_400)
    const since = Math.floor(Date.now() / 1000) + 5 * 86_400
    const { id } = await sdk.products.create({ name: 'Pro' })
    await sdk.products.update(id, { name: 'Pro+' })
    const types = async (params: Stripe.EventListParams) =>
      (await sdk.events.list(params)).data.map(({ type }) => type)
    expect(await types({})).toEqual(['product.updated', 'product.created', 'customer.created'])
    expect(await types({ type: 'product.*' })).toEqual(['product.updated', 'product.created'])
    expect(await types({ types: ['product.created', 'customer.created'] })).toHaveLength(2)
    expect(await types({ created: { gte: since } })).toEqual(['product.updated', 'product.created'])
    pass(25 * 86_400)
    expect(await types({})).toEqual(['product.updated', 'product.created'])
  })
})

describe('test clocks', () => {
  test('hold the time of their customers, and take them along when they are deleted', async () => {
    const { sdk } = await startStripe()
    const frozen_time = 1_900_000_000
    const clock = await sdk.testHelpers.testClocks.create({ frozen_time, name: 'renewals' })
    const { id, created } = await sdk.customers.create({
      test_clock: clock.id,
      email: 'ada@customer.example',
    })
    expect(created).toBe(frozen_time)
    expect((await sdk.customers.list({ email: 'ada@customer.example' })).data).toEqual([])
    expect((await sdk.customers.list({ test_clock: clock.id })).data).toMatchObject([{ id }])
    const advanced = await sdk.testHelpers.testClocks.advance(clock.id, { frozen_time: frozen_time + 86_400 })
    expect(advanced).toMatchObject({ status: 'ready', frozen_time: frozen_time + 86_400 })
    await expect(sdk.testHelpers.testClocks.advance(clock.id, { frozen_time })).rejects.toMatchObject({
      param: 'frozen_time',
    })
    await sdk.testHelpers.testClocks.del(clock.id)
    expect(await sdk.customers.retrieve(id)).toMatchObject({ deleted: true })
    await expect(sdk.testHelpers.testClocks.retrieve(clock.id)).rejects.toMatchObject({ statusCode: 404 })
  })

  test('have room for three customers', async () => {
    const { sdk } = await startStripe()
    const { id: test_clock } = await sdk.testHelpers.testClocks.create({ frozen_time: 1_900_000_000 })
    for (let count = 0; count < 3; count++) await sdk.customers.create({ test_clock })
    await expect(sdk.customers.create({ test_clock })).rejects.toMatchObject({
      statusCode: 400,
      param: 'test_clock',
    })
  })

  test('go no further at once than two periods', async () => {
    const { sdk } = await startStripe()
    const frozen_time = Date.parse('2030-01-10T00:00:00Z') / 1000
    const { id: test_clock } = await sdk.testHelpers.testClocks.create({ frozen_time })
    const { id: customer } = await sdk.customers.create({ test_clock })
    const recurring = { interval: 'month' } as const
    const product_data = { name: 'Free' }
    const price = await sdk.prices.create({ currency: 'usd', unit_amount: 0, recurring, product_data })
    await sdk.subscriptions.create({ customer, items: [{ price: price.id }] })
    const reach = Date.parse('2030-03-10T00:00:00Z') / 1000
    const advance = (to: number) => sdk.testHelpers.testClocks.advance(test_clock, { frozen_time: to })
    await expect(advance(reach + 1)).rejects.toMatchObject({ statusCode: 400, param: 'frozen_time' })
    expect(await advance(reach)).toMatchObject({ status: 'ready', frozen_time: reach })
  })
})
