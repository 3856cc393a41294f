import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { periodAround } from '../calendar.ts'
import { creditUnused, debitRemaining } from '../prorations/prorate.ts'
import { customerOf, type Invoice, type Subscription, type SubscriptionItem } from '../shapes.ts'
import { changeItems, type ItemChange } from './changeItems.ts'
import { invoiceSubscription } from './invoiceSubscription.ts'
import { itemList, recurrenceOf } from './items.ts'
import { recurringLines } from './recurringLines.ts'

export type ProrationBehavior = 'create_prorations' | 'always_invoice' | 'none'

/** A change of a subscription that may cost something. */
export interface Change {
  items?: ItemChange[]
  /** The instant for which it is reckoned, if not now. */
  prorationDate?: number
  behavior: ProrationBehavior
  /** Starts a new period now, which is billed at once. */
  resetsAnchor?: boolean
  /** The new end of the trial; `now` ends it. */
  trialEnd?: number | 'now'
}

/** The subscription after a change, and the draft of what is billed for it at once. */
export interface Applied {
  subscription: Subscription
  invoice: Invoice | null
}

/** Changes a subscription and reckons what that costs or gives back; the only events are about invoice items. */
export function applyChange(world: World, before: Subscription, change: Change): Applied {
  const now = world.now(customerOf(before))
  const at = change.prorationDate ?? now
  const items = changeItems(world, before, change.items ?? [], at)
  const changed: Subscription = { ...before, items: itemList(before.id, items) }
  const isTrial = typeof change.trialEnd === 'number'
  const endsTrial = change.trialEnd === 'now' && before.status === 'trialing'
  if (isTrial || endsTrial || change.resetsAnchor) {
    return startPeriod(
      world,
      before,
      restart(changed, now, isTrial ? (change.trialEnd as number) : null),
      change,
    )
  }
  world.store.put('subscription', changed)
  if (change.behavior === 'none' || before.status === 'trialing' || before.status === 'paused') {
    return { subscription: changed, invoice: null }
  }
  const prorations = prorateItems(world, before, changed, at)
  if (change.behavior !== 'always_invoice' || prorations === 0)
    return { subscription: changed, invoice: null }
  return invoiceSubscription(world, changed, {
    reason: 'subscription_update',
    lines: [],
    ...(change.prorationDate !== undefined && { prorationDate: change.prorationDate }),
  })
}

/** Credits and debits what differs between the items before and after; tells how many prorations there are. */
export function prorateItems(world: World, before: Subscription, after: Subscription, at: number): number {
  const [old, next] = [before.items.data, after.items.data]
  const outside = old.some(
    ({ current_period_start: start, current_period_end: end }) => at < start || at > end,
  )
  if (outside) {
    throw new StripeRefusal('Cannot specify a proration_date outside of the current billing cycle.', {
      param: 'proration_date',
    })
  }
  const isKept = (item: SubscriptionItem) => next.some((one) => one.id === item.id && !differs(one, item))
  const isOld = (item: SubscriptionItem) => old.some((one) => one.id === item.id && !differs(one, item))
  const credits = old.filter((item) => !isKept(item)).flatMap((item) => creditUnused(world, before, item, at))
  const debits = next
    .filter((item) => !isOld(item))
    .flatMap((item) => debitRemaining(world, after, item, { start: at, end: item.current_period_end }))
  return credits.length + debits.length
}

function differs(one: SubscriptionItem, other: SubscriptionItem): boolean {
  return (
    one.price.id !== other.price.id ||
    one.quantity !== other.quantity ||
    one.current_period_end !== other.current_period_end
  )
}

/** The same subscription in a period that begins now: of a trial, or of the first that is billed. */
function restart(subscription: Subscription, now: number, trialEnd: number | null): Subscription {
  const data = subscription.items.data.map((item) => ({
    ...item,
    current_period_start: now,
    current_period_end: trialEnd ?? periodAround(now, recurrenceOf(item), now).end,
  }))
  const isTrialing = subscription.status === 'trialing'
  return {
    ...subscription,
    items: { ...subscription.items, data },
    billing_cycle_anchor: trialEnd ?? now,
    status:
      trialEnd !== null
        ? 'trialing'
        : isTrialing || subscription.status === 'paused'
          ? 'active'
          : subscription.status,
    ...(trialEnd !== null && { trial_end: trialEnd, trial_start: subscription.trial_start ?? now }),
    ...(trialEnd === null && isTrialing && { trial_end: now }),
  }
}

/** What was debited beyond now is credited, and the new period billed in full. */
function startPeriod(world: World, before: Subscription, after: Subscription, change: Change): Applied {
  const now = world.now(customerOf(before))
  world.store.put('subscription', after)
  if (change.behavior !== 'none') {
    for (const item of before.items.data) creditUnused(world, before, item, now)
  }
  // A longer or shorter trial is billed with nothing.
  if (after.status === 'trialing' && before.status === 'trialing')
    return { subscription: after, invoice: null }
  return invoiceSubscription(world, after, {
    reason: 'subscription_update',
    lines: recurringLines(world, after, after.items.data),
  })
}
