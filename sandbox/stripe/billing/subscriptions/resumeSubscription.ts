import { replace } from '../../engine/replace.ts'
import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { periodAround } from '../calendar.ts'
import { collectInvoice } from '../invoices/collectInvoice.ts'
import { finalizeInvoice } from '../invoices/finalizeInvoice.ts'
import { customerOf, type Subscription } from '../shapes.ts'
import { invoiceSubscription } from './invoiceSubscription.ts'
import { getLiveSubscription, recurrenceOf } from './items.ts'
import { recurringLines } from './recurringLines.ts'

export interface ResumeOptions {
  /** Keeps the billing dates instead of beginning a period now. */
  keepsAnchor?: boolean
  /** Stays paused until the invoice is paid. */
  waitsForPayment?: boolean
}

/** Sets a paused subscription going again, with an invoice for the period that begins or is left. */
export function resumeSubscription(world: World, id: string, options: ResumeOptions = {}): Subscription {
  const before = getLiveSubscription(world, id)
  if (before.status !== 'paused') {
    throw new StripeRefusal('The subscription is not paused, so it cannot be resumed.', {
      code: 'status_transition_invalid',
    })
  }
  const started = startPeriod(before, world.now(customerOf(before)), options.keepsAnchor ?? false)
  world.store.put('subscription', started)
  const { invoice: draft, subscription } = invoiceSubscription(world, started, {
    reason: 'subscription_update',
    lines: recurringLines(world, { ...started, status: 'active' }, started.items.data),
  })
  if (!options.waitsForPayment) activate(world, subscription, before)
  const open = finalizeInvoice(world, draft)
  if (open.status === 'open') collectInvoice(world, open)
  return getLiveSubscription(world, id)
}

function startPeriod(paused: Subscription, now: number, keepsAnchor: boolean): Subscription {
  const anchor = keepsAnchor ? paused.billing_cycle_anchor : now
  const data = paused.items.data.map((item) => ({
    ...item,
    current_period_start: now,
    current_period_end: periodAround(anchor, recurrenceOf(item), now).end,
  }))
  return { ...paused, billing_cycle_anchor: anchor, items: { ...paused.items, data } }
}

/** By default the attempt to be paid is enough; when it fails the subscription is past due. */
function activate(world: World, subscription: Subscription, before: Subscription): void {
  const after: Subscription = { ...subscription, status: 'active' }
  delete after.status_details
  replace(world, 'subscription', before, after, 'customer.subscription.updated')
  world.emit('customer.subscription.resumed', 'subscription', after)
}
