import { replace } from '../../engine/replace.ts'
import type { World } from '../../world.ts'
import type { Subscription } from '../shapes.ts'

/** Has invoices collected again: https://docs.stripe.com/billing/subscriptions/pause-payment#resume-collection */
export function resumeCollection(world: World, subscription: Subscription): void {
  const resumed = { ...subscription, pause_collection: null }
  replace(world, 'subscription', subscription, resumed, 'customer.subscription.updated')
}
