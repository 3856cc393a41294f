import { StripeRefusal } from '../../refusal.ts'
import type { World } from '../../world.ts'
import { DAY } from '../calendar.ts'
import { findMethod, setDelinquent } from '../customers.ts'
import { confirmIntent, type PaymentOutcome } from '../payments/confirmIntent.ts'
import { intentOf, openPayment } from '../payments/openPayment.ts'
import { customerOf, type Invoice, type PaymentMethod } from '../shapes.ts'
import { followInvoice } from '../subscriptions/followInvoice.ts'
import { subscriptionOf } from './composeInvoice.ts'
import { markPaid } from './markPaid.ts'

/** The days after the first failure on which a payment is tried again. */
const RETRY_DAYS = [3, 5, 7, 14]

export interface Attempt {
  /** Instead of the payment method that is set. */
  method?: PaymentMethod
  /** Whether the buyer is there and proves who they are. */
  authenticate?: boolean
  /** One that Stripe makes by itself, and counts. */
  isAutomatic?: boolean
}

/** Tries to have an open invoice paid, with what follows for it and its subscription either way. */
export function collectInvoice(
  world: World,
  invoice: Invoice,
  { method: given, authenticate = false, isAutomatic = false }: Attempt = {},
): { invoice: Invoice } & PaymentOutcome {
  const customer = customerOf(invoice)
  const subscription = world.store.get('subscription', subscriptionOf(invoice) ?? '')
  const method = given ?? findMethod(world, customer, invoice, subscription)
  if (!method) return { ...fail(world, invoice, { isAutomatic, isCounted: true }), ...noMethod() }
  const intent = intentOf(world, invoice.id) ?? openPayment(world, invoice)
  const outcome = confirmIntent(world, intent, method, authenticate)
  if (outcome.outcome === 'paid') {
    const attempt_count = countAttempt(invoice, isAutomatic)
    return { ...outcome, invoice: markPaid(world, { ...invoice, attempt_count }) }
  }
  const asks = outcome.outcome === 'requires_action'
  return { ...outcome, ...fail(world, invoice, { isAutomatic, isCounted: !asks, asks }) }
}

interface Failure {
  isAutomatic: boolean
  isCounted: boolean
  asks?: boolean
}

function fail(
  world: World,
  before: Invoice,
  { isAutomatic, isCounted, asks = false }: Failure,
): { invoice: Invoice } {
  const isRetry = before.attempted
  const failed = world.store.put('invoice', {
    ...before,
    attempt_count: isCounted || isRetry ? countAttempt(before, isAutomatic) : before.attempt_count,
    attempted: true,
    next_payment_attempt: nextAttempt(before, world.now(customerOf(before))),
  })
  if (isAutomatic) setDelinquent(world, customerOf(failed), true)
  if (asks) world.emit('invoice.payment_action_required', 'invoice', failed)
  world.emit('invoice.payment_failed', 'invoice', failed)
  if (isRetry) {
    const { attempt_count, next_payment_attempt } = before
    world.emit('invoice.updated', 'invoice', failed, { attempt_count, next_payment_attempt })
  }
  followInvoice(world, failed)
  return { invoice: world.store.get('invoice', failed.id) ?? failed }
}

/** Any attempt counts as the first one; after that only those that Stripe makes. */
function countAttempt({ attempt_count }: Invoice, isAutomatic: boolean): number {
  return attempt_count === 0 || isAutomatic ? attempt_count + 1 : attempt_count
}

/** When Stripe will try again by itself; the first invoice of a subscription is left to the buyer. */
function nextAttempt(
  { auto_advance, billing_reason, collection_method, status_transitions }: Invoice,
  now: number,
) {
  const isLeft = billing_reason === 'subscription_create' || collection_method === 'send_invoice'
  if (!auto_advance || isLeft || status_transitions.finalized_at === null) return null
  const since = status_transitions.finalized_at
  return RETRY_DAYS.map((days) => since + days * DAY).find((at) => at > now) ?? null
}

/** https://docs.stripe.com/error-codes#resource-missing */
function noMethod(): PaymentOutcome {
  const refusal = new StripeRefusal(
    'This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.',
    { code: 'resource_missing' },
  )
  return { outcome: 'declined', refusal }
}
