import type { World } from '../../world.ts'
import { DAY } from '../calendar.ts'
import { customerOf, type Subscription } from '../shapes.ts'

/** Three days before it ends, or at once when it ends sooner: https://docs.stripe.com/billing/subscriptions/trials */
const NOTICE_SECONDS = 3 * DAY

/** When the end of a trial has to be announced, or null when there is none or it has been. */
export function noticeDue(
  { store }: Pick<World, 'store'>,
  { id, status, trial_end }: Subscription,
): number | null {
  if (status !== 'trialing' || trial_end === null) return null
  return store.get('trial_notice', id)?.trial_end === trial_end ? null : trial_end - NOTICE_SECONDS
}

/** Announces that the trial ends, if that is due and was not done yet. */
export function announceTrialEnd(world: World, subscription: Subscription): void {
  const due = noticeDue(world, subscription)
  if (due === null || due > world.now(customerOf(subscription))) return
  world.store.put('trial_notice', { id: subscription.id, trial_end: subscription.trial_end ?? 0 })
  world.emit('customer.subscription.trial_will_end', 'subscription', subscription)
}
