import type Stripe from 'stripe'
import { payCheckoutSession } from '../../../../sandbox/stripe/billing/payCheckoutSession.ts'
import { cancelInPortal } from '../../../../sandbox/stripe/billing/portalActions.ts'
import { DAY, type Tourist } from './tour.ts'
import { buyer, type Prices } from './tourCatalogue.ts'

/** Sessions that are paid, declined, asked about, expired and left open. */
export async function checkOut(tourist: Tourist, { month, code }: Prices): Promise<void> {
  const { sdk, stripe } = tourist
  const open = (more: Stripe.Checkout.SessionCreateParams = {}) =>
    sdk.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ price: month, quantity: 1 }],
      success_url: 'https://example.com/thanks',
      ...more,
    })
  const pay = (id: string, more: Parameters<typeof payCheckoutSession>[2] = {}) =>
    stripe.store.change(() => payCheckoutSession(stripe.at(), id, more))
  const paid = await open({
    allow_promotion_codes: true,
    client_reference_id: 'account',
    metadata: { a: 'b' },
  })
  pay(paid.id, { card: '0002' })
  pay(paid.id, { promotionCode: 'WELCOME' })
  await sdk.checkout.sessions.retrieve(paid.id, { expand: ['line_items'] })
  await sdk.checkout.sessions.listLineItems(paid.id)
  const asked = await open({
    customer: await buyer(tourist, null),
    discounts: [{ promotion_code: code }],
  })
  pay(asked.id, { card: '3184' })
  pay(asked.id, { card: '3184', authenticate: true })
  const trial = await open({
    customer_email: 'tess@example.com',
    payment_method_collection: 'if_required',
    tax_id_collection: { enabled: true },
    subscription_data: {
      trial_period_days: 14,
      trial_settings: { end_behavior: { missing_payment_method: 'cancel' } },
      metadata: { account: 'one' },
    },
  })
  pay(trial.id, { card: '4242' })
  await sdk.setupIntents.list()
  await sdk.checkout.sessions.expire((await open()).id)
  await open()
}

/** Changes within a period, which are prorated, and what would have become of them. */
export async function changePlans(
  tourist: Tourist,
  { month, year, coupon, amount, product }: Prices,
): Promise<void> {
  const { sdk, pass } = tourist
  const customer = await buyer(tourist)
  const made = await sdk.subscriptions.create({
    customer,
    items: [{ price: month, quantity: 2 }],
    discounts: [{ coupon }],
    description: 'Two',
    metadata: { account: 'two' },
  })
  const item = made.items.data[0]?.id ?? ''
  pass(10 * DAY)
  const items = [{ id: item, price: year, quantity: 3 }]
  await sdk.invoices.createPreview({ customer, subscription: made.id, discounts: [{ coupon: amount }] })
  await sdk.invoices.createPreview({
    customer,
    subscription: made.id,
    subscription_details: { items, proration_behavior: 'always_invoice' },
  })
  await sdk.subscriptions.update(made.id, { items, proration_behavior: 'always_invoice' })
  await sdk.subscriptions.update(made.id, { items: [{ id: item, quantity: 1 }] })
  await sdk.subscriptionItems.update(item, { metadata: { product } })
  await sdk.subscriptionItems.retrieve(item)
  await sdk.subscriptions.update(made.id, { pause_collection: { behavior: 'void' } })
  await sdk.subscriptions.update(made.id, { pause_collection: '' })
  await sdk.subscriptions.deleteDiscount(made.id)
  await sdk.customers.retrieve(customer, { expand: ['subscriptions'] })
  await sdk.invoices.create({ customer, subscription: made.id })
}

/** Changes that are planned, given up, and carried out to the end. */
export async function schedule(tourist: Tourist, { month, year }: Prices): Promise<void> {
  const { sdk, pass } = tourist
  const plan = async (end_behavior: 'release' | 'cancel') => {
    const customer = await buyer(tourist)
    const { id } = await sdk.subscriptions.create({ customer, items: [{ price: month }] })
    const made = await sdk.subscriptionSchedules.create({ from_subscription: id, metadata: { why: 'later' } })
    const { start_date = 0, end_date = 0 } = made.phases[0] ?? {}
    await sdk.subscriptionSchedules.update(made.id, {
      end_behavior,
      phases: [
        { items: [{ price: month, quantity: 1 }], start_date, end_date },
        { items: [{ price: year, quantity: 2 }], duration: { interval: 'month', interval_count: 1 } },
      ],
    })
    return made.id
  }
  await sdk.subscriptionSchedules.release(await plan('release'))
  await sdk.subscriptionSchedules.cancel(await plan('release'))
  await plan('cancel')
  pass(65 * DAY)
  await plan('release')
}

/** Sessions of the portal, for everything that it is opened for. */
export async function visitPortal(tourist: Tourist, { month, year, product }: Prices): Promise<void> {
  const { sdk, stripe } = tourist
  const customer = await buyer(tourist)
  const { id, items } = await sdk.subscriptions.create({ customer, items: [{ price: month }] })
  const configuration = await sdk.billingPortal.configurations.create({
    default_return_url: 'https://example.com',
    features: {
      subscription_cancel: { enabled: true, mode: 'at_period_end' },
      subscription_update: {
        enabled: true,
        default_allowed_updates: ['price', 'quantity'],
        products: [{ product, prices: [month, year] }],
      },
    },
  })
  await sdk.billingPortal.configurations.update(configuration.id, { active: false })
  await sdk.billingPortal.sessions.create({ customer, return_url: 'https://example.com' })
  const visit = (flow_data: Stripe.BillingPortal.SessionCreateParams.FlowData) =>
    sdk.billingPortal.sessions.create({ customer, flow_data })
  await visit({ type: 'payment_method_update' })
  await visit({ type: 'subscription_update', subscription_update: { subscription: id } })
  await visit({
    type: 'subscription_update_confirm',
    subscription_update_confirm: { subscription: id, items: [{ id: items.data[0]?.id ?? '', price: year }] },
    after_completion: { type: 'redirect', redirect: { return_url: 'https://example.com' } },
  })
  await visit({ type: 'subscription_cancel', subscription_cancel: { subscription: id } })
  stripe.store.change(() => cancelInPortal(stripe.at(), id, { feedback: 'too_expensive', comment: 'Sorry' }))
}
