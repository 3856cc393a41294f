import { StripeRefusal } from '../../refusal.ts'
import { behaviourOf, declineOf } from '../../resources/cards.ts'
import type { World } from '../../world.ts'
import { customerOf, idOf, type PaymentIntent, type PaymentMethod } from '../shapes.ts'
import { buildCharge } from './buildCharge.ts'

/** What became of a payment: taken, declined for a reason, or waiting for the buyer to prove who they are. */
export type PaymentOutcome =
  | { outcome: 'paid' }
  | { outcome: 'declined'; refusal: StripeRefusal }
  | { outcome: 'requires_action' }

/** Charges the payment method for the intent, as that card behaves; `authenticate` is the buyer's 3-D Secure. */
export function confirmIntent(
  world: World,
  intent: PaymentIntent,
  method: PaymentMethod,
  authenticate: boolean,
): PaymentOutcome {
  const behaviour = behaviourOf(method)
  const isApproved = world.store.get('approved_method', method.id) !== undefined
  const asks =
    behaviour === 'requires_authentication' || (behaviour === 'requires_authentication_once' && !isApproved)
  if (asks && !authenticate) return askForAction(world, intent, method)
  if (authenticate) noteApproval(world, method)
  if (behaviour === 'good' || behaviour.startsWith('requires_authentication'))
    return take(world, intent, method)
  return decline(world, intent, method, declineOf(behaviour))
}

/** Notes that the holder of a card has proved who they are, so that some cards need not be asked about again. */
export function noteApproval({ store }: World, { id }: PaymentMethod): void {
  store.put('approved_method', { id })
}

function take(world: World, intent: PaymentIntent, method: PaymentMethod): PaymentOutcome {
  const charge = buildCharge(intent, method, { now: world.now(customerOf(intent)) })
  world.store.put('charge', charge)
  world.emit('charge.succeeded', 'charge', charge)
  const succeeded = world.store.put('payment_intent', {
    ...intent,
    amount_received: intent.amount,
    last_payment_error: null,
    latest_charge: charge.id,
    next_action: null,
    payment_method: method.id,
    status: 'succeeded',
  })
  world.emit('payment_intent.succeeded', 'payment_intent', succeeded)
  return { outcome: 'paid' }
}

function decline(
  world: World,
  intent: PaymentIntent,
  method: PaymentMethod,
  reason: StripeRefusal,
): PaymentOutcome {
  const charge = buildCharge(intent, method, { now: world.now(customerOf(intent)), refusal: reason })
  world.store.put('charge', charge)
  world.emit('charge.failed', 'charge', charge)
  const { code, more = {} } = reason.options
  const failed = world.store.put('payment_intent', {
    ...intent,
    last_payment_error: {
      type: 'card_error',
      message: reason.message,
      charge: charge.id,
      payment_method: method,
      ...(code && { code }),
      ...more,
    },
    latest_charge: charge.id,
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
  })
  world.emit('payment_intent.payment_failed', 'payment_intent', failed)
  return { outcome: 'declined', refusal: withIntent(reason, failed) }
}

function askForAction(world: World, intent: PaymentIntent, method: PaymentMethod): PaymentOutcome {
  const waiting = world.store.put('payment_intent', {
    ...intent,
    next_action: {
      type: 'redirect_to_url',
      redirect_to_url: { return_url: null, url: `${world.publicUrl}/stripe/authenticate/${intent.id}` },
    },
    payment_method: method.id,
    status: 'requires_action',
  })
  world.emit('payment_intent.requires_action', 'payment_intent', waiting)
  return { outcome: 'requires_action' }
}

/** Gives up an intent that has not been paid. */
export function cancelIntent(
  world: World,
  intent: PaymentIntent,
  cancellation_reason: NonNullable<PaymentIntent['cancellation_reason']>,
): void {
  if (intent.status === 'succeeded' || intent.status === 'canceled') return
  const canceled = world.store.put('payment_intent', {
    ...intent,
    canceled_at: world.now(customerOf(intent)),
    cancellation_reason,
    next_action: null,
    status: 'canceled',
  })
  world.emit('payment_intent.canceled', 'payment_intent', canceled)
}

function withIntent(reason: StripeRefusal, intent: PaymentIntent): StripeRefusal {
  const { more } = reason.options
  const charge = idOf(intent.latest_charge)
  return new StripeRefusal(reason.message, {
    ...reason.options,
    more: { ...more, ...(charge && { charge }), payment_intent: intent },
  })
}
