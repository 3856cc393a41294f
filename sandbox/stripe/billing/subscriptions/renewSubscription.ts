import { previousAttributes } from '../../engine/replace.ts'
import type { World } from '../../world.ts'
import { periodAround } from '../calendar.ts'
import { holdEvents, releaseEvents } from '../holdEvents.ts'
import { customerOf, type Subscription, type SubscriptionItem } from '../shapes.ts'
import { invoiceSubscription } from './invoiceSubscription.ts'
import { recurrenceOf } from './items.ts'
import { recurringLines } from './recurringLines.ts'

/** The instant at which the next period of some item begins. */
export function renewalDue({ items }: Subscription): number {
  return Math.min(...items.data.map(({ current_period_end }) => current_period_end))
}

/**
 * Begins the next period of the items whose period ends now, and drafts the invoice for it, which is finalized an
 * hour later. The period begins before the money is there.
 */
export function renewSubscription(
  world: World,
  before: Subscription,
  changes: Partial<Subscription> = {},
): Subscription {
  const now = world.now(customerOf(before))
  const held = holdEvents(world)
  const renewed = advanceItems({ ...before, ...changes }, now)
  const due = renewed.items.data.filter((item) => item.current_period_start === now)
  held.world.store.put('subscription', renewed)
  const { subscription } = invoiceSubscription(held.world, renewed, {
    reason: 'subscription_cycle',
    lines: recurringLines(held.world, renewed, due),
    period: { start: periodStart(before.items.data, now), end: now },
    waits: waits(renewed) ? 'an hour' : 'for ever',
  })
  const told = held.events.filter(({ type }) => type !== 'customer.subscription.updated')
  told.push({
    type: 'customer.subscription.updated',
    kind: 'subscription',
    object: subscription,
    before: previousAttributes(before, subscription),
  })
  releaseEvents(world, told, ['customer.subscription.updated', '*'])
  return subscription
}

/** The subscription with every item in the period that this instant begins, or lies in. */
function advanceItems(subscription: Subscription, now: number): Subscription {
  const { billing_cycle_anchor: anchor, cancel_at, pause_collection: pause } = subscription
  const data = subscription.items.data.map((item) => {
    if (item.current_period_end > now) return item
    const { end } = periodAround(anchor, recurrenceOf(item), now)
    return { ...item, current_period_start: now, current_period_end: Math.min(end, cancel_at ?? end) }
  })
  const isOver = pause?.resumes_at != null && pause.resumes_at <= now
  return {
    ...subscription,
    items: { ...subscription.items, data },
    ...(isOver && { pause_collection: null }),
  }
}

/** https://docs.stripe.com/billing/subscriptions/overview#unpaid */
function waits({ status, pause_collection }: Subscription): boolean {
  return status !== 'unpaid' && pause_collection?.behavior !== 'keep_as_draft'
}

function periodStart(items: SubscriptionItem[], now: number): number {
  const due = items.filter((item) => item.current_period_end <= now)
  return Math.min(...due.map((item) => item.current_period_start), now)
}
