import type Stripe from 'stripe'
import { advanceBilling } from '../../../../sandbox/stripe/billing/passTime.ts'
import { type Started, startStripe } from '../startStripe.ts'

export const HOUR = 60 * 60
export const DAY = 24 * HOUR

/** A stand-in whose time stands still unless a test moves it, with a customer and what can be bought. */
export interface Billing extends Started {
  sdk: Stripe
  customer: string
  prices: Record<'pro' | 'proYearly' | 'team' | 'teamYearly', string>
  now(): number
  /** Moves time to an instant; what has become due by then is done. */
  advanceTo(seconds: number): void
  /** The types of events, in the order in which they came, since the last call. */
  newEvents(): string[]
  /** A subscription that is paid, with what the parameters say differently. */
  subscribe(params?: Partial<Stripe.SubscriptionCreateParams>): Promise<Stripe.Subscription>
}

/** Starts it at an instant, with a customer who pays with this card; no card where it is null. */
export async function startBilling({
  at = '2026-01-10T12:00:00Z',
  card = 'pm_card_visa' as string | null,
} = {}): Promise<Billing> {
  let seconds = Date.parse(at) / 1000
  const started = await startStripe({ now: () => new Date(seconds * 1000) })
  const { sdk, stripe } = started
  const customer = await sdk.customers.create({
    email: 'ada@example.com',
    ...(card && {
      payment_method: card,
    }),
  })
  if (card) await setDefault(sdk, customer.id)
  let seen = stripe.store.list('event').length
  const prices = {
    pro: await price(sdk, 'Pro', 2900, 'month'),
    proYearly: await price(sdk, 'Pro', 29000, 'year'),
    team: await price(sdk, 'Team', 1900, 'month'),
    teamYearly: await price(sdk, 'Team', 19000, 'year'),
  }
  return {
    ...started,
    customer: customer.id,
    prices,
    now: () => seconds,
    advanceTo(instant) {
      seconds = instant
      for (const { error } of advanceBilling(stripe, seconds)) throw error
    },
    newEvents() {
      const events = stripe.store.list('event')
      const types = events.slice(seen).map(({ type }) => type)
      seen = events.length
      return types
    },
    subscribe: (params = {}) =>
      sdk.subscriptions.create({ customer: customer.id, items: [{ price: prices.pro }], ...params }),
  }
}

/** Makes the newest card of a customer the one that is charged. */
export async function setDefault(sdk: Stripe, customer: string): Promise<void> {
  const { data } = await sdk.customers.listPaymentMethods(customer)
  await sdk.customers.update(customer, {
    invoice_settings: { default_payment_method: data[0]?.id ?? '' },
  })
}

async function price(sdk: Stripe, name: string, unit_amount: number, interval: 'month' | 'year') {
  const product = await sdk.products.create({ name })
  const made = await sdk.prices.create({
    product: product.id,
    unit_amount,
    currency: 'usd',
    recurring: { interval },
  })
  return made.id
}

/** The only item of a subscription. */
export function itemOf({ items }: Stripe.Subscription): Stripe.SubscriptionItem {
  const [item] = items.data
  if (!item || items.data.length > 1) throw new Error(`There are ${items.data.length} items`)
  return item
}

/** The instant of a date, in seconds. */
export const at = (date: string) => Date.parse(`${date}Z`) / 1000
