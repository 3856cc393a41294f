import { replace } from '../../engine/replace.ts'
import { StripeRefusal } from '../../refusal.ts'
import { attachPaymentMethod, takePaymentMethod } from '../../resources/attachPaymentMethod.ts'
import type { World } from '../../world.ts'
import { findMethod } from '../customers.ts'
import { collectInvoice } from '../invoices/collectInvoice.ts'
import { subscriptionOf } from '../invoices/composeInvoice.ts'
import { customerOf, type Invoice, type PaymentIntent, type PaymentMethod } from '../shapes.ts'
import { invoiceOf } from './openPayment.ts'

/**
 * What the buyer's browser does with the secret of an invoice: pays it, or learns that the bank asks first. A payment
 * that fails is refused, and that it was tried is kept.
 */
export function confirmPayment(
  world: World,
  intent: PaymentIntent,
  given: string | undefined,
): PaymentIntent {
  const invoice = invoiceOf(world, intent.id)
  if (invoice?.status !== 'open' || intent.status === 'succeeded' || intent.status === 'canceled') {
    throw new StripeRefusal(
      `You cannot confirm this PaymentIntent because it has a status of ${intent.status}.`,
      { code: 'payment_intent_unexpected_state', more: { payment_intent: intent } },
    )
  }
  const method = methodFor(world, intent, invoice, given)
  const result = collectInvoice(world, invoice, { method })
  if (result.outcome === 'declined') {
    throw new StripeRefusal(result.refusal.message, { ...result.refusal.options, keepsChanges: true })
  }
  if (result.outcome === 'paid') keepAsDefault(world, invoice, method)
  return world.store.get('payment_intent', intent.id) ?? intent
}

function methodFor(
  world: World,
  intent: PaymentIntent,
  invoice: Invoice,
  given: string | undefined,
): PaymentMethod {
  const customer = customerOf(intent)
  if (given !== undefined) {
    return attachPaymentMethod(world, takePaymentMethod(world, given, 'payment_method').id, customer)
  }
  const subscription = world.store.get('subscription', subscriptionOf(invoice) ?? '')
  const method = findMethod(world, customer, invoice, subscription)
  if (method) return method
  throw new StripeRefusal(
    "You cannot confirm this PaymentIntent because it's missing a payment method. To confirm the PaymentIntent, specify a payment method attached to this customer along with the customer ID.",
    { code: 'payment_intent_unexpected_state' },
  )
}

/** https://docs.stripe.com/api/subscriptions/create#create_subscription-payment_settings-save_default_payment_method */
function keepAsDefault(world: World, invoice: Invoice, { id }: PaymentMethod): void {
  const subscription = world.store.get('subscription', subscriptionOf(invoice) ?? '')
  if (subscription?.payment_settings?.save_default_payment_method !== 'on_subscription') return
  const after = { ...subscription, default_payment_method: id }
  replace(world, 'subscription', subscription, after, 'customer.subscription.updated')
}
