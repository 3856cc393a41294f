import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { projectCustomer } from '../projection/projectCustomer.ts'
import { currentSubscription, isEnding, releaseSchedule } from './changeSubscription.ts'
import { withOperation } from './withOperation.ts'

/** Has the subscription end with the period that is paid for; one that gives nothing any more ends at once. */
export async function cancelSubscription(app: App, stripe: Stripe, accountId: string): Promise<void> {
  const { customer, subscription } = await currentSubscription(app, accountId)
  const { id, status } = subscription
  if (!isEnding(subscription)) {
    await withOperation(app, { accountId, kind: 'cancel', wish: { subscription: id } }, async (key) => {
      if (status === 'unpaid' || status === 'paused') {
        await stripe.subscriptions.cancel(id, {}, { idempotencyKey: key })
        return
      }
      // A subscription that follows a schedule cannot be set to end.
      await releaseSchedule(stripe, id, key)
      await stripe.subscriptions.update(id, { cancel_at_period_end: true }, { idempotencyKey: key })
    })
  }
  await projectCustomer(app, customer.stripeId)
}

/** Takes a cancellation back before it has happened, and sets a paused subscription going again. */
export async function resumeSubscription(app: App, stripe: Stripe, accountId: string): Promise<void> {
  const { customer, subscription } = await currentSubscription(app, accountId)
  const { id, status, cancelAtPeriodEnd } = subscription
  if (isEnding(subscription) || status === 'paused') {
    await withOperation(app, { accountId, kind: 'resume', wish: { subscription: id } }, async (key) => {
      // The portal sets only `cancel_at`, the API both.
      if (isEnding(subscription)) {
        const undo = cancelAtPeriodEnd ? { cancel_at_period_end: false } : { cancel_at: '' as const }
        await stripe.subscriptions.update(id, undo, { idempotencyKey: key })
      }
      if (status === 'paused') {
        await stripe.subscriptions.resume(id, {}, { idempotencyKey: `${key} resume` })
      }
    })
  }
  await projectCustomer(app, customer.stripeId)
}
