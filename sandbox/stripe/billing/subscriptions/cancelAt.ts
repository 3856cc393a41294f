import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { periodAround } from '../calendar.ts'
import { customerOf, type Subscription, type SubscriptionItem } from '../shapes.ts'
import { type Applied, type Change, prorateItems } from './applyChange.ts'
import { noCancellation } from './buildSubscription.ts'
import { invoiceSubscription } from './invoiceSubscription.ts'
import { recurrenceOf } from './items.ts'
import type { UpdateParams } from './params.ts'

/** What of a cancellation the parameters set or take back. */
export function cancelFieldsOf(
  before: Subscription,
  params: UpdateParams,
  now: number,
): Partial<Subscription> {
  const { cancel_at: at, cancel_at_period_end: atEnd, cancellation_details: given } = params
  const held = before.cancellation_details ?? noCancellation()
  const details = Object.fromEntries(
    Object.entries(given ?? {}).map(([name, value]) => [name, value || null]),
  )
  const isUndone = at === '' || (atEnd === false && at === undefined && before.cancel_at_period_end)
  if (isUndone) {
    return {
      cancel_at: null,
      cancel_at_period_end: false,
      canceled_at: null,
      cancellation_details: { ...held, ...details, reason: null },
    }
  }
  if (!atEnd && at === undefined) return given ? { cancellation_details: { ...held, ...details } } : {}
  if (typeof at === 'number' && at <= now) {
    throw new StripeRefusal('`cancel_at` must be a timestamp in the future.', { param: 'cancel_at' })
  }
  return {
    cancel_at: typeof at === 'number' ? at : periodEnd(before.items.data, at),
    cancel_at_period_end: atEnd === true,
    canceled_at: before.canceled_at ?? now,
    cancellation_details: { ...held, ...details, reason: 'cancellation_requested' },
  }
}

/** The end of the period: of the longest, unless the shortest is meant. */
export function periodEnd(items: SubscriptionItem[], word?: string): number {
  const ends = items.map(({ current_period_end }) => current_period_end)
  return word === 'min_period_end' ? Math.min(...ends) : Math.max(...ends)
}

/**
 * Has a period end where the subscription does, with a proration for the difference, and the end at the period's
 * end where that is what was asked for.
 */
export function settleCancelAt(
  world: World,
  applied: Applied,
  before: Subscription,
  change: Change,
): Applied {
  const { subscription } = applied
  if (subscription.cancel_at_period_end) {
    const cancel_at = periodEnd(subscription.items.data)
    return { ...applied, subscription: world.store.put('subscription', { ...subscription, cancel_at }) }
  }
  if (subscription.cancel_at === before.cancel_at || subscription.status !== 'active') return applied
  const now = world.now(customerOf(subscription))
  const data = subscription.items.data.map((item) => {
    // One that changed its length on the anchor's very day began before the period that the day begins.
    const within = Math.max(item.current_period_start, now)
    const { end } = periodAround(subscription.billing_cycle_anchor, recurrenceOf(item), within)
    return { ...item, current_period_end: Math.min(end, subscription.cancel_at ?? end) }
  })
  const after = world.store.put('subscription', { ...subscription, items: { ...subscription.items, data } })
  if (change.behavior === 'none') return { ...applied, subscription: after }
  const count = prorateEnds(world, subscription, after)
  if (count === 0 || change.behavior !== 'always_invoice' || applied.invoice) {
    return { ...applied, subscription: after }
  }
  return invoiceSubscription(world, after, { reason: 'subscription_update', lines: [] })
}

/** A period that ends earlier is credited from there; one that ends later is debited anew from now. */
function prorateEnds(world: World, before: Subscription, after: Subscription): number {
  const now = world.now(customerOf(after))
  const earlier = after.items.data.flatMap((item) => {
    const old = before.items.data.find(({ id }) => id === item.id)
    return old && item.current_period_end < old.current_period_end ? [item.current_period_end] : []
  })
  if (earlier.length === 0) return prorateItems(world, before, after, now)
  return prorateItems(world, before, after, Math.min(...earlier))
}
