import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { isLive } from '../../entitlements/truthTable.ts'
import { problem } from '../../problems.ts'
import { type Customer, findCustomer } from '../checkout/customer.ts'
import { projectCustomer } from '../projection/projectCustomer.ts'
import { idOf, type MirroredSubscription } from '../projection/rules.ts'
import { type KnownSubscription, shownSubscription } from '../projection/subscriptions.ts'
import { isFulfilled } from './rules.ts'
import { finishOperation, openOperationOf } from './withOperation.ts'

/** A live subscription and whose it is, as Stripe has it now. */
export interface Current {
  customer: Customer
  subscription: KnownSubscription
}

/** What an account is subscribed to, looked at afresh; refused when there is nothing live. */
export async function currentSubscription(app: App, accountId: string): Promise<Current> {
  const customer = await findCustomer(app, accountId)
  if (!customer) throw problem('no-subscription')
  await projectCustomer(app, customer.stripeId, 'caller')
  const subscription = await shownSubscription(app.db, accountId)
  await closeFulfilled(app, accountId, subscription)
  if (!subscription || !isLive(subscription)) throw problem('no-subscription')
  return { customer, subscription }
}

/** The same after something was asked of Stripe; null when there is nothing live any more. */
export async function lookAgain(
  app: App,
  accountId: string,
  customer: Customer,
): Promise<KnownSubscription | null> {
  await projectCustomer(app, customer.stripeId, 'job')
  const subscription = await shownSubscription(app.db, accountId)
  return subscription && isLive(subscription) ? subscription : null
}

/** An operation whose outcome was not known is settled once a look shows it: its key must not be used again. */
export async function closeFulfilled(
  app: App,
  accountId: string,
  subscription: KnownSubscription | null,
): Promise<void> {
  const open = await openOperationOf(app, accountId)
  if (!open) return
  if (open.wish.subscription !== subscription?.id) await finishOperation(app, open.id, 'given up')
  else if (isFulfilled(open, subscription)) await finishOperation(app, open.id, 'done')
}

/** The item that is mirrored, which decides the plan, unless somebody has just changed it; beside it there may be others. */
export function itemOf(
  { items }: Stripe.Subscription,
  { priceId }: Pick<MirroredSubscription, 'priceId'>,
): Stripe.SubscriptionItem {
  const item = items.data.find(({ price }) => price.id === priceId)
  if (!item) throw problem('change-in-progress')
  return item
}

/** Drops a change that was scheduled; nothing where there is none. */
export async function releaseSchedule(stripe: Stripe, id: string, key: string): Promise<void> {
  const { schedule } = await stripe.subscriptions.retrieve(id)
  const attached = idOf(schedule)
  if (attached)
    await stripe.subscriptionSchedules.release(attached, undefined, { idempotencyKey: `${key} release` })
}
