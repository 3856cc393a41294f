import { replace } from '../engine/replace.ts'
import { noSuch } from '../refusal.ts'
import type { World } from '../world.ts'
import { voidInvoice } from './invoices/closeInvoice.ts'
import { collectInvoice } from './invoices/collectInvoice.ts'
import { subscriptionOf } from './invoices/composeInvoice.ts'
import { pendingItems } from './invoices/draftInvoice.ts'
import { finalizeInvoice } from './invoices/finalizeInvoice.ts'
import { creditUnused } from './prorations/prorate.ts'
import { customerOf, idOf, type Subscription } from './shapes.ts'
import { noCancellation } from './subscriptions/buildSubscription.ts'
import { invoiceSubscription } from './subscriptions/invoiceSubscription.ts'
import { getSubscription, isEnded } from './subscriptions/items.ts'

export interface CancelOptions {
  /** Bills what is pending, and what `prorate` gives back, at once. */
  invoiceNow?: boolean
  /** Gives back what was paid for time to come. */
  prorate?: boolean
  /** Leaves what is pending to be billed, as at the end of a period. */
  keepsPending?: boolean
  details?: Record<string, string | undefined>
  /** Unset, somebody asked for it. */
  reason?: NonNullable<Subscription['cancellation_details']>['reason']
}

/** Ends a subscription for good, which stops the collection of its invoices; one that has ended does not exist. */
export function cancelSubscriptionNow(world: World, id: string, options: CancelOptions = {}): Subscription {
  const before = getSubscription(world, id)
  if (isEnded(before)) throw noSuch('subscription', id)
  if (before.status !== 'incomplete') billTheRest(world, before, options)
  stopCollection(world, before)
  const held = getSubscription(world, id)
  const after = world.store.put('subscription', { ...held, ...endedFields(world, before, options) })
  world.emit('customer.subscription.deleted', 'subscription', after)
  endSchedule(world, before)
  return after
}

function endedFields(world: World, before: Subscription, { details = {}, reason }: CancelOptions) {
  const now = world.now(customerOf(before))
  const held = before.cancellation_details ?? noCancellation()
  const given = Object.fromEntries(Object.entries(details).map(([name, value]) => [name, value || null]))
  return {
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: before.canceled_at ?? now,
    cancellation_details: {
      ...held,
      ...given,
      reason: reason === undefined ? (held.reason ?? 'cancellation_requested') : reason,
    },
    ended_at: now,
    pending_update: null,
    schedule: null,
    // https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
    status: before.status === 'incomplete' ? 'incomplete_expired' : 'canceled',
  } satisfies Partial<Subscription>
}

function billTheRest(world: World, before: Subscription, options: CancelOptions): void {
  const { invoiceNow = false, prorate = false, keepsPending = false } = options
  const customer = customerOf(before)
  if (prorate && before.status !== 'trialing') {
    for (const item of before.items.data) creditUnused(world, before, item, world.now(customer))
  }
  const pending = pendingItems(world, customer, before.id)
  if (!invoiceNow && !prorate && !keepsPending) {
    for (const { id, proration } of pending) if (proration) world.store.remove('invoiceitem', id)
  }
  if (pending.length === 0 || (!invoiceNow && !keepsPending)) return
  const { invoice } = invoiceSubscription(world, before, {
    reason: keepsPending ? 'subscription_cycle' : 'subscription_update',
    lines: [],
  })
  const open = finalizeInvoice(world, invoice)
  if (open.status === 'open' && open.collection_method === 'charge_automatically') collectInvoice(world, open)
}

/** https://docs.stripe.com/billing/subscriptions/cancel#handle-invoice-items-when-canceling-subscriptions */
function stopCollection(world: World, { id, customer, status }: Subscription): void {
  const invoices = world.store.listOf('invoice', idOf(customer) ?? '')
  for (const invoice of invoices.filter((one) => subscriptionOf(one) === id)) {
    if (invoice.status === 'open' && status === 'incomplete') voidInvoice(world, invoice)
    else if (invoice.status === 'open' || invoice.status === 'draft') {
      const stopped = { auto_advance: false, automatically_finalizes_at: null, next_payment_attempt: null }
      replace(world, 'invoice', invoice, { ...invoice, ...stopped })
    }
  }
}

function endSchedule(world: World, { schedule: id, customer }: Subscription): void {
  const schedule = world.store.get('subscription_schedule', idOf(id) ?? '')
  if (schedule?.status !== 'active') return
  const ended = world.store.put('subscription_schedule', {
    ...schedule,
    canceled_at: world.now(idOf(customer)),
    current_phase: null,
    status: 'canceled',
  })
  world.emit('subscription_schedule.canceled', 'subscription_schedule', ended)
}
