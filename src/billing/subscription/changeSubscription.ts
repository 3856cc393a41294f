import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { problem } from '../../problems.ts'
import { stripeErrorOf } from '../../stripe/errors.ts'
import { type Customer, findCustomer } from '../checkout/customer.ts'
import { projectCustomer } from '../projection/projectCustomer.ts'
import { idOf, isLive, type MirroredSubscription } from '../projection/rules.ts'
import { type KnownSubscription, shownSubscription } from '../projection/subscriptions.ts'
import { withOperation } from './operations.ts'
import { linkToPortal } from './portal.ts'
import { decideChange, type Target } from './rules.ts'

/** A live subscription and whose it is, as Stripe has it now. */
export interface Current {
  customer: Customer
  subscription: KnownSubscription
}

/** What an account is subscribed to, looked at afresh; refused when there is nothing live. */
export async function currentSubscription(app: App, accountId: string): Promise<Current> {
  const customer = await findCustomer(app, accountId)
  if (!customer) throw problem('no-subscription')
  await projectCustomer(app, customer.stripeId)
  const subscription = await shownSubscription(app.db, accountId)
  if (!subscription || !isLive(subscription)) throw problem('no-subscription')
  return { customer, subscription }
}

export interface ChangeOrder {
  accountId: string
  target: Target
  price: string
  /** The instant that a preview was reckoned for; the same one gives the same amounts. */
  prorationDate?: number
}

/** Changes plan, interval or seats: at once with proration, or from the next period on. Asking again does nothing more. */
export async function changeSubscription(
  app: App,
  stripe: Stripe,
  { accountId, target, price, prorationDate }: ChangeOrder,
  rankOf: (plan: string) => number,
): Promise<void> {
  const { customer, subscription } = await currentSubscription(app, accountId)
  const decision = decideChange(subscription, target, rankOf)
  if (decision.kind === 'refused') throw problem('subscription-not-changeable', { reason: decision.reason })
  if (decision.kind !== 'nothing') {
    const wish = { ...target, from: subscription.priceId, quantity_from: subscription.quantity }
    await withOperation(app, { accountId, kind: 'change', wish }, (key) => {
      if (decision.kind === 'keep') return releaseSchedule(stripe, subscription.id, key)
      const order = { id: subscription.id, price, quantity: target.quantity, interval: target.interval }
      return decision.kind === 'now'
        ? changeNow(stripe, { ...order, ...(prorationDate && { prorationDate }) }, key)
        : changeAtPeriodEnd(stripe, order, key)
    }).catch((error: unknown) => refuseWithPortal(app, stripe, customer, error))
  }
  await projectCustomer(app, customer.stripeId)
}

interface StripeOrder extends Pick<Target, 'quantity' | 'interval'> {
  id: string
  price: string
  prorationDate?: number
}

/** A card that is declined leaves everything as it was: https://docs.stripe.com/billing/subscriptions/pending-updates */
async function changeNow(stripe: Stripe, { id, price, quantity, prorationDate }: StripeOrder, key: string) {
  await releaseSchedule(stripe, id, key)
  const subscription = await stripe.subscriptions.retrieve(id)
  await stripe.subscriptions.update(
    id,
    {
      // Without the item's id a second item would be added.
      items: [{ id: itemOf(subscription).id, price, quantity }],
      proration_behavior: 'always_invoice',
      payment_behavior: 'error_if_incomplete',
      ...(prorationDate && { proration_date: prorationDate }),
    },
    { idempotencyKey: key },
  )
}

/** https://docs.stripe.com/billing/subscriptions/subscription-schedules */
async function changeAtPeriodEnd(
  stripe: Stripe,
  { id, price, quantity, interval }: StripeOrder,
  key: string,
) {
  const subscription = await stripe.subscriptions.retrieve(id)
  const attached = idOf(subscription.schedule)
  const schedule = attached
    ? await stripe.subscriptionSchedules.retrieve(attached)
    : await stripe.subscriptionSchedules.create(
        { from_subscription: id },
        { idempotencyKey: `${key} schedule` },
      )
  const item = itemOf(subscription)
  const { trial_end } = subscription
  await stripe.subscriptionSchedules.update(
    schedule.id,
    {
      end_behavior: 'release',
      phases: [
        {
          items: [{ price: item.price.id, quantity: item.quantity ?? 1 }],
          start_date: schedule.current_phase?.start_date ?? item.current_period_start,
          end_date: item.current_period_end,
          ...(trial_end !== null && trial_end >= item.current_period_end && { trial_end }),
        },
        {
          items: [{ price, quantity }],
          proration_behavior: 'none',
          duration: { interval, interval_count: 1 },
        },
      ],
    },
    { idempotencyKey: key },
  )
}

/** Drops a change that was scheduled; nothing where there is none. */
export async function releaseSchedule(stripe: Stripe, id: string, key: string): Promise<void> {
  const { schedule } = await stripe.subscriptions.retrieve(id)
  const attached = idOf(schedule)
  if (attached)
    await stripe.subscriptionSchedules.release(attached, undefined, { idempotencyKey: `${key} release` })
}

/** The item that is for our plan; what somebody added at Stripe by hand stays as it is. */
export function itemOf({ id, items }: Stripe.Subscription): Stripe.SubscriptionItem {
  const [item] = items.data
  if (!item) throw new Error(`Subscription ${id} has no items`)
  return item
}

async function refuseWithPortal(
  app: App,
  stripe: Stripe,
  customer: Customer,
  error: unknown,
): Promise<never> {
  const known = stripeErrorOf(error)
  if (known?.type !== 'StripeCardError') throw error
  const portal = await linkToPortal(app, stripe, customer, { flow: 'payment_method' })
  throw problem('payment-failed', { decline_code: known.decline_code ?? known.code ?? null, portal })
}

/** Whether a subscription is set to end. */
export const isEnding = ({ cancelAt, cancelAtPeriodEnd }: MirroredSubscription) =>
  cancelAtPeriodEnd || cancelAt !== null
