import { replace } from '../../engine/replace.ts'
import type { World } from '../../world.ts'
import type { Invoice } from '../shapes.ts'
import { markUncollectible, voidInvoice } from './closeInvoice.ts'
import { collectInvoice } from './collectInvoice.ts'
import { subscriptionOf } from './composeInvoice.ts'
import { finalizeInvoice } from './finalizeInvoice.ts'

/** Finalizes a draft whose hour is over and has it paid or sent, unless collection is paused. */
export function advanceDraft(world: World, draft: Invoice): void {
  const paused = world.store.get('subscription', subscriptionOf(draft) ?? '')?.pause_collection
  const invoice = finalizeInvoice(world, draft)
  if (invoice.status !== 'open') return
  // https://docs.stripe.com/billing/subscriptions/pause-payment
  if (paused?.behavior === 'void') voidInvoice(world, invoice)
  else if (paused?.behavior === 'mark_uncollectible') markUncollectible(world, invoice)
  else if (invoice.collection_method === 'send_invoice') world.emit('invoice.sent', 'invoice', invoice)
  else collectInvoice(world, invoice, { isAutomatic: true })
}

/** Notes that an invoice that was sent is late, which makes its subscription past due. */
export function markOverdue(world: World, invoice: Invoice): void {
  const subscription = world.store.get('subscription', subscriptionOf(invoice) ?? '')
  world.store.put('invoice', { ...invoice, attempted: true })
  world.emit('invoice.overdue', 'invoice', invoice)
  if (subscription?.status !== 'active') return
  replace(
    world,
    'subscription',
    subscription,
    { ...subscription, status: 'past_due' },
    'customer.subscription.updated',
  )
}
