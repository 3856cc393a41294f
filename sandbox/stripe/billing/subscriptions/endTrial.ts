import { replace } from '../../engine/replace.ts'
import type { World } from '../../world.ts'
import { cancelSubscriptionNow } from '../cancelSubscription.ts'
import { findMethod } from '../customers.ts'
import { customerOf, type Subscription } from '../shapes.ts'
import { renewSubscription } from './renewSubscription.ts'

/**
 * Ends a trial whose time has come: the first period begins, unless there is nothing to pay with and the
 * subscription is to be canceled or paused then. https://docs.stripe.com/billing/subscriptions/trials
 */
export function endTrial(world: World, subscription: Subscription): void {
  const method = findMethod(world, customerOf(subscription), subscription)
  const behaviour = subscription.trial_settings?.end_behavior.missing_payment_method
  const isCharged = subscription.collection_method === 'charge_automatically'
  if (method || !isCharged || behaviour === 'create_invoice') {
    renewSubscription(world, subscription, { status: 'active' })
  } else if (behaviour === 'pause') {
    pauseSubscription(world, subscription, 'trial_end_without_payment_method')
  } else {
    cancelSubscriptionNow(world, subscription.id, { reason: null })
  }
}

/** Stops a subscription until it is resumed: no periods, no invoices. */
export function pauseSubscription(world: World, before: Subscription, type: string): Subscription {
  const after = replace(
    world,
    'subscription',
    before,
    {
      ...before,
      status: 'paused',
      status_details: {
        paused: {
          subscription: { type },
          transitioned_at: world.now(customerOf(before)),
          type: 'subscription',
        },
      },
    },
    'customer.subscription.updated',
  )
  world.emit('customer.subscription.paused', 'subscription', after)
  return after
}
