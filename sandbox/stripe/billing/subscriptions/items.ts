import { mergeMetadata } from '../../engine/metadata.ts'
import { noSuch, StripeRefusal } from '../../refusal.ts'
import { newId, type World } from '../../world.ts'
import type { Period, Recurrence } from '../calendar.ts'
import { type Bearer, type DiscountParam, makeDiscounts } from '../discounts/makeDiscounts.ts'
import { fullAmount } from '../invoices/lines.ts'
import { customerOf, type Price, productOf, type Subscription, type SubscriptionItem } from '../shapes.ts'

/** What an item is made of; what is left out has Stripe's default. */
export interface NewItem {
  quantity?: number
  metadata?: Record<string, string> | ''
  discounts?: DiscountParam[] | ''
}

/** The recurring, active price that a parameter names. */
export function getRecurringPrice(world: World, id: string | undefined, param: string): Price {
  const price = getAnyRecurringPrice(world, id, param)
  if (price.active) return price
  throw new StripeRefusal('The price specified is inactive. This field only accepts active prices.', {
    param,
  })
}

/** The same, also when it has been archived: who had it before can keep it. */
export function getAnyRecurringPrice({ store }: World, id: string | undefined, param: string): Price {
  if (id === undefined) {
    throw new StripeRefusal(`Missing required param: ${param}.`, { code: 'parameter_missing', param })
  }
  const price = store.get('price', id)
  if (!price) throw noSuch('price', id, param)
  if (!price.recurring) {
    throw new StripeRefusal(
      `The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`,
      { param },
    )
  }
  return price
}

/** Makes an item of a subscription, for a price and a period. */
export function makeItem(
  world: World,
  subscription: { id: string; customer: string },
  given: NewItem,
  { price, period, place }: { price: Price; period: Period; place: number },
): SubscriptionItem {
  const id = newId('si', 14)
  const bearer = { customer: subscription.customer, currency: price.currency, subscription_item: id }
  const discounts = makeDiscounts(world, given.discounts, bearer, `items[${place}][discounts]`)
  return {
    id,
    object: 'subscription_item',
    billing_thresholds: null,
    created: world.now(subscription.customer),
    current_period_end: period.end,
    current_period_start: period.start,
    current_trial: null,
    discounts: discounts.map((discount) => discount.id),
    metadata: mergeMetadata({}, given.metadata),
    plan: planOf(price),
    price,
    quantity: given.quantity ?? 1,
    subscription: subscription.id,
    tax_rates: [],
  }
}

/** The same item at another price: https://docs.stripe.com/billing/migration/migrating-prices */
export function withPrice(item: SubscriptionItem, price: Price): SubscriptionItem {
  return { ...item, price, plan: planOf(price) }
}

/** The items as the subscription carries them, after a check that they fit together. */
export function itemList(id: string, items: SubscriptionItem[]): Subscription['items'] {
  if (items.length === 0) {
    throw new StripeRefusal('A subscription must have at least one active item.', { param: 'items' })
  }
  checkTogether(
    items.map(({ price }) => price),
    'items',
  )
  return { object: 'list', data: items, has_more: false, url: `/v1/subscription_items?subscription=${id}` }
}

/** Refuses prices that one subscription cannot have together. */
export function checkTogether(prices: Price[], param: string, currency = prices[0]?.currency): void {
  const ids = prices.map(({ id }) => id)
  const twice = ids.find((id, place) => ids.indexOf(id) !== place)
  if (twice !== undefined) {
    throw new StripeRefusal(
      `Cannot add multiple subscription items with the same price: ${twice}. Change the quantity of the one there is.`,
      { param },
    )
  }
  if (prices.some((price) => price.currency !== currency)) {
    throw new StripeRefusal('All prices on a subscription must have the same currency.', { param })
  }
}

/** The subscription as what bears discounts: they lower all of its items together. */
export function bearerOf(subscription: Subscription): Bearer {
  const amounts = subscription.items.data.map(({ price, quantity = 1 }) => fullAmount(price, quantity))
  return {
    customer: customerOf(subscription),
    currency: subscription.currency,
    amount: amounts.reduce((sum, amount) => sum + amount, 0),
    subscription: subscription.id,
  }
}

/** How often an item is billed. */
export function recurrenceOf({ price }: Pick<SubscriptionItem, 'price'>): Recurrence {
  return price.recurring ?? { interval: 'month', interval_count: 1 }
}

/** The price in the shape that came before prices, which items still carry. */
function planOf(price: Price): SubscriptionItem['plan'] {
  const { recurring } = price
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval: recurring?.interval ?? 'month',
    interval_count: recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: productOf(price),
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  }
}

/** The subscription that a path or parameter names. */
export function getSubscription({ store }: World, id: string, param?: string): Subscription {
  const subscription = store.get('subscription', id)
  if (!subscription) throw noSuch('subscription', id, param)
  return subscription
}

/** The same, but one that has ended does not exist any more for those who want to change it. */
export function getLiveSubscription(world: World, id: string, param?: string): Subscription {
  const subscription = getSubscription(world, id, param)
  if (!isEnded(subscription)) return subscription
  throw noSuch('subscription', id, param)
}

/** Whether it is over for good. */
export const isEnded = ({ status }: Subscription) => status === 'canceled' || status === 'incomplete_expired'
