import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { isEnding, isLastPeriod } from '../../entitlements/truthTable.ts'
import { currentSubscription, lookAgain, releaseSchedule } from './currentSubscription.ts'
import { withOperation } from './withOperation.ts'

/** Has the subscription end with the period that is paid for; one that gives nothing any more ends at once. */
export async function cancelSubscription(app: App, stripe: Stripe, accountId: string): Promise<void> {
  const { customer, subscription } = await currentSubscription(app, accountId)
  if (isLastPeriod(subscription)) return
  const { id, status } = subscription
  const look = () => lookAgain(app, accountId, customer)
  await withOperation(
    app,
    { accountId, kind: 'cancel', wish: { subscription: id } },
    async (key) => {
      if (status === 'unpaid' || status === 'paused') {
        await stripe.subscriptions.cancel(id, {}, { idempotencyKey: key })
        return 'done'
      }
      // A subscription that follows a schedule cannot be set to end.
      await releaseSchedule(stripe, id, key)
      await stripe.subscriptions.update(id, { cancel_at_period_end: true }, { idempotencyKey: key })
      return 'done'
    },
    look,
  )
  await look()
}

/** Takes a cancellation back before it has happened, and sets a paused subscription going again. */
export async function resumeSubscription(app: App, stripe: Stripe, accountId: string): Promise<void> {
  const { customer, subscription } = await currentSubscription(app, accountId)
  const { id, status, cancelAtPeriodEnd } = subscription
  if (!isEnding(subscription) && status !== 'paused') return
  const look = () => lookAgain(app, accountId, customer)
  await withOperation(
    app,
    { accountId, kind: 'resume', wish: { subscription: id } },
    async (key) => {
      // The portal sets only `cancel_at`, the API both.
      if (isEnding(subscription)) {
        const undo = cancelAtPeriodEnd ? { cancel_at_period_end: false } : { cancel_at: '' as const }
        await stripe.subscriptions.update(id, undo, { idempotencyKey: key })
      }
      if (status === 'paused') {
        await stripe.subscriptions.resume(id, {}, { idempotencyKey: `${key} resume` })
      }
      return 'done'
    },
    look,
  )
  await look()
}
