import { replace } from '../../engine/replace.ts'
import type { World } from '../../world.ts'
import { HOUR } from '../calendar.ts'
import { setDelinquent } from '../customers.ts'
import { customerOf, type Invoice } from '../shapes.ts'
import { markUncollectible, voidInvoice } from './closeInvoice.ts'
import { collectInvoice } from './collectInvoice.ts'
import { subscriptionOf } from './composeInvoice.ts'
import { finalizeInvoice } from './finalizeInvoice.ts'

/** Finalizes a draft whose hour is over and has it paid or sent, unless collection is paused. */
export function advanceDraft(world: World, draft: Invoice): void {
  advance(world, finalizeInvoice(world, draft), (open) => collectInvoice(world, open, { isAutomatic: true }))
}

/** Finalizes a draft before its hour is over; it is paid when it would have been, or an hour from now. */
export function finalizeByHand(world: World, draft: Invoice): Invoice {
  const invoice = finalizeInvoice(world, draft)
  if (!invoice.auto_advance) return invoice
  const at = draft.next_payment_attempt ?? world.now(customerOf(draft)) + HOUR
  advance(world, invoice, (open) => world.store.put('invoice', { ...open, next_payment_attempt: at }))
  return world.store.get('invoice', invoice.id) ?? invoice
}

function advance(world: World, invoice: Invoice, collect: (open: Invoice) => void): void {
  if (invoice.status !== 'open') return
  const paused = world.store.get('subscription', subscriptionOf(invoice) ?? '')?.pause_collection
  // https://docs.stripe.com/billing/subscriptions/pause-payment
  if (paused?.behavior === 'void') voidInvoice(world, invoice)
  else if (paused?.behavior === 'mark_uncollectible') markUncollectible(world, invoice)
  else if (invoice.collection_method === 'send_invoice') world.emit('invoice.sent', 'invoice', invoice)
  else collect(invoice)
}

/** Notes that an invoice that was sent is late, which makes its subscription past due. */
export function markOverdue(world: World, invoice: Invoice): void {
  const subscription = world.store.get('subscription', subscriptionOf(invoice) ?? '')
  world.store.put('invoice', { ...invoice, attempted: true })
  setDelinquent(world, customerOf(invoice), true)
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
