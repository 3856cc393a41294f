import { replace } from '../engine/replace.ts'
import { StripeRefusal } from '../refusal.ts'
import { createPaymentMethod, declineOf, findCard, isDeclinedAtOnce } from '../resources/cards.ts'
import { getCustomer } from '../resources/getCustomer.ts'
import type { World } from '../world.ts'
import { getInvoice } from './invoices/operations.ts'
import { payInvoice } from './invoices/payInvoice.ts'
import type { Feedback } from './params.ts'
import { customerOf, type Invoice, type PaymentMethod, type Subscription } from './shapes.ts'
import { periodEnd } from './subscriptions/cancelAt.ts'
import { actionRequired } from './subscriptions/createSubscription.ts'
import { getLiveSubscription } from './subscriptions/items.ts'
import { updateSubscription } from './subscriptions/updateSubscription.ts'

/** Why somebody leaves, as the portal asks. */
export interface Leaving {
  feedback?: Feedback
  comment?: string
}

/**
 * Sets the subscription to end with its period, as the portal does it: `cancel_at` is set, and
 * `cancel_at_period_end` is not. https://docs.stripe.com/customer-management
 */
export function cancelInPortal(world: World, id: string, { feedback, comment }: Leaving = {}): Subscription {
  const subscription = getLiveSubscription(world, id)
  return updateSubscription(world, id, {
    cancel_at: periodEnd(subscription.items.data),
    cancellation_details: { ...(feedback && { feedback }), ...(comment && { comment }) },
  })
}

/** Takes a cancellation back before it has happened. */
export function resumeInPortal(world: World, id: string): Subscription {
  return updateSubscription(world, id, { cancel_at: '' })
}

/**
 * Changes the plan or the quantity, which is billed at once. Where the card is declined nothing has changed; where its
 * bank asks, the change waits for the answer.
 */
export function changePlanInPortal(
  world: World,
  id: string,
  { price, quantity }: { price?: string; quantity?: number },
): Subscription {
  const [item] = getLiveSubscription(world, id).items.data
  if (!item) throw new StripeRefusal('The subscription has no items.')
  const update = (payment_behavior: 'error_if_incomplete' | 'pending_if_incomplete') =>
    world.store.change(() =>
      updateSubscription(world, id, {
        items: [{ id: item.id, ...(price && { price }), ...(quantity !== undefined && { quantity }) }],
        proration_behavior: 'always_invoice',
        payment_behavior,
      }),
    )
  try {
    return update('error_if_incomplete')
  } catch (error) {
    if (!(error instanceof StripeRefusal) || error.options.code !== actionRequired().options.code) throw error
    return update('pending_if_incomplete')
  }
}

/** Makes a card the one that is charged from now on, also for what they are subscribed to. */
export function updatePaymentMethodInPortal(world: World, customer: string, card: string): PaymentMethod {
  const behaviour = findCard(card)?.behaviour
  if (behaviour && isDeclinedAtOnce(behaviour)) throw declineOf(behaviour)
  const method = createPaymentMethod(world, card, customer)
  const holder = getCustomer(world, customer)
  const invoice_settings = { ...holder.invoice_settings, default_payment_method: method.id }
  replace(world, 'customer', holder, { ...holder, invoice_settings })
  for (const subscription of world.store.listOf('subscription', customer)) {
    if (['canceled', 'incomplete_expired'].includes(subscription.status)) continue
    const after = { ...subscription, default_payment_method: method.id }
    replace(world, 'subscription', subscription, after, 'customer.subscription.updated')
  }
  return method
}

/** Pays an open invoice from its page: with a new card, or the one that is set. */
export function payInvoiceInPortal(
  world: World,
  id: string,
  { card, authenticate = false }: { card?: string; authenticate?: boolean } = {},
): Invoice {
  const invoice = getInvoice(world, id)
  const method = card === undefined ? undefined : createPaymentMethod(world, card, customerOf(invoice))
  return payInvoice(world, invoice, { authenticate, ...(method && { method }) })
}
