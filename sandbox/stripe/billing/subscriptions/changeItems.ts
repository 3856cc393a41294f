import { mergeMetadata } from '../../engine/metadata.ts'
import { noSuch, StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { type Period, periodAround } from '../calendar.ts'
import { type DiscountParam, makeDiscounts } from '../discounts/makeDiscounts.ts'
import { customerOf, type Price, type Subscription, type SubscriptionItem } from '../shapes.ts'
import { getAnyRecurringPrice, getRecurringPrice, makeItem, recurrenceOf, withPrice } from './items.ts'

/** A change of one item: without an `id` it is a new one. */
export interface ItemChange {
  id?: string
  price?: string
  quantity?: number
  deleted?: boolean
  metadata?: Record<string, string> | ''
  discounts?: DiscountParam[] | ''
  /** Was arranged before: the price may have been archived since. */
  isScheduled?: boolean
}

/** The items after the changes, each in the period that it is in at this instant. */
export function changeItems(
  world: World,
  subscription: Subscription,
  changes: ItemChange[],
  at: number,
): SubscriptionItem[] {
  const held = subscription.items.data
  const ids = changes.flatMap(({ id }) => id ?? [])
  const unknown = ids.find((id) => !held.some((item) => item.id === id))
  if (unknown !== undefined) throw noSuch('subscription item', unknown, 'items')
  if (new Set(ids).size < ids.length) {
    throw new StripeRefusal('You cannot pass the same subscription item twice.', { param: 'items' })
  }
  const kept = held.flatMap((item) => {
    const place = changes.findIndex(({ id }) => id === item.id)
    const change = changes[place]
    if (!change) return [item]
    return change.deleted ? [] : [changeItem(world, subscription, item, { change, place, at })]
  })
  const added = changes.flatMap((change, place) =>
    change.id === undefined && !change.deleted ? [addItem(world, subscription, change, { place, at })] : [],
  )
  return [...kept, ...added]
}

interface Where<C> {
  change: C
  place: number
  at: number
}

function changeItem(
  world: World,
  subscription: Subscription,
  item: SubscriptionItem,
  { change, place, at }: Where<ItemChange>,
): SubscriptionItem {
  const { price: priceId, quantity, metadata, discounts } = change
  const isNew = priceId !== undefined && priceId !== item.price.id
  const price = isNew ? getItemPrice(world, change, place) : item.price
  const bearer = {
    customer: customerOf(subscription),
    currency: price.currency,
    subscription_item: item.id,
  }
  const changed: SubscriptionItem = {
    ...withPrice(item, price),
    ...(quantity !== undefined && { quantity }),
    ...(metadata !== undefined && { metadata: mergeMetadata(item.metadata, metadata) }),
    ...(discounts !== undefined && {
      discounts: makeDiscounts(world, discounts, bearer, `items[${place}][discounts]`).map(({ id }) => id),
    }),
  }
  const isOver = item.current_period_end <= at
  if (isSameRhythm(item, changed) || isOver || subscription.status === 'trialing') return changed
  // The anchor stays, in flexible billing mode: https://docs.stripe.com/billing/subscriptions/billing-mode
  const { end } = periodAround(subscription.billing_cycle_anchor, recurrenceOf(changed), at)
  return { ...changed, current_period_end: end }
}

function addItem(
  world: World,
  subscription: Subscription,
  change: ItemChange,
  { place, at }: Omit<Where<never>, 'change'>,
): SubscriptionItem {
  const price = getItemPrice(world, change, place)
  const like = subscription.items.data.find((item) => isSameRhythm(item, { price }))
  const period: Period = like
    ? { start: like.current_period_start, end: like.current_period_end }
    : { start: at, end: periodAround(subscription.billing_cycle_anchor, recurrenceOf({ price }), at).end }
  const trialEnd = subscription.status === 'trialing' ? subscription.trial_end : null
  return makeItem(world, { id: subscription.id, customer: customerOf(subscription) }, change, {
    price,
    period: { ...period, end: trialEnd ?? period.end },
    place,
  })
}

function getItemPrice(world: World, { price, isScheduled }: ItemChange, place: number): Price {
  const param = `items[${place}][price]`
  return isScheduled ? getAnyRecurringPrice(world, price, param) : getRecurringPrice(world, price, param)
}

function isSameRhythm(one: Pick<SubscriptionItem, 'price'>, other: Pick<SubscriptionItem, 'price'>): boolean {
  const [a, b] = [recurrenceOf(one), recurrenceOf(other)]
  return a.interval === b.interval && a.interval_count === b.interval_count
}
