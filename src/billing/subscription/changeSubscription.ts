import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { problem } from '../../problems.ts'
import { stripeErrorOf } from '../../stripe/errors.ts'
import { type Customer, findCustomer } from '../checkout/customer.ts'
import { projectCustomer } from '../projection/projectCustomer.ts'
import { idOf, isLive, type MirroredSubscription } from '../projection/rules.ts'
import { type KnownSubscription, shownSubscription } from '../projection/subscriptions.ts'
import { withOperation } from './withOperation.ts'
import { linkToPortal } from './linkToPortal.ts'
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
  refuseOldPreview(app, prorationDate)
  const { customer, subscription } = await currentSubscription(app, accountId)
  const decision = decideChange(subscription, target, rankOf)
  if (decision.kind === 'refused') throw problem('subscription-not-changeable', { reason: decision.reason })
  if (decision.kind === 'nothing') return
  const order = { subscription, price, ...target, ...(prorationDate && { prorationDate }) }
  // Everything that Stripe is sent: with one key it takes one set of parameters.
  const from = { price: subscription.priceId, quantity: subscription.quantity }
  const wish = { ...target, price, proration_date: prorationDate ?? null, from }
  try {
    await withOperation(app, { accountId, kind: 'change', wish }, (key) => {
      if (decision.kind === 'keep') return releaseSchedule(stripe, subscription.id, key)
      return decision.kind === 'now' ? changeNow(stripe, order, key) : changeAtPeriodEnd(stripe, order, key)
    })
  } catch (error) {
    throw await withPortal(app, stripe, customer, error)
  } finally {
    await projectCustomer(app, customer.stripeId)
  }
}

const PREVIEW_LIVES_SECONDS = 15 * 60

/** Stripe would take any instant of the period, and towards its end an upgrade costs next to nothing. */
function refuseOldPreview(app: App, prorationDate: number | undefined): void {
  if (prorationDate === undefined) return
  const age = app.now().getTime() / 1000 - prorationDate
  if (age <= PREVIEW_LIVES_SECONDS && age >= -1) return
  const detail = 'is not of a preview of the last fifteen minutes'
  throw problem('invalid-request', { errors: [{ pointer: '#/proration_date', detail }] })
}

interface StripeOrder extends Target {
  subscription: KnownSubscription
  price: string
  prorationDate?: number
}

/** A card that is declined leaves everything as it was, so a change that is scheduled is dropped only afterwards. */
async function changeNow(stripe: Stripe, order: StripeOrder, key: string): Promise<void> {
  const { subscription, price, quantity, prorationDate } = order
  const item = itemOf(await stripe.subscriptions.retrieve(subscription.id), subscription)
  await stripe.subscriptions.update(
    subscription.id,
    {
      // Without the item's id a second item would be added.
      items: [{ id: item.id, price, quantity }],
      proration_behavior: 'always_invoice',
      payment_behavior: 'error_if_incomplete',
      ...(prorationDate && { proration_date: prorationDate }),
    },
    { idempotencyKey: key },
  )
  await releaseSchedule(stripe, subscription.id, key)
}

/** https://docs.stripe.com/billing/subscriptions/subscription-schedules */
async function changeAtPeriodEnd(stripe: Stripe, order: StripeOrder, key: string): Promise<void> {
  const { subscription, price, quantity, interval } = order
  const held = await stripe.subscriptions.retrieve(subscription.id)
  const item = itemOf(held, subscription)
  const attached = idOf(held.schedule)
  const schedule = attached
    ? await stripe.subscriptionSchedules.retrieve(attached)
    : await stripe.subscriptionSchedules.create(
        { from_subscription: held.id },
        { idempotencyKey: `${key} schedule` },
      )
  // What somebody added at Stripe by hand, and what was granted off, stays.
  const others = held.items.data
    .filter(({ id }) => id !== item.id)
    .map((other) => ({ price: other.price.id, quantity: other.quantity ?? 1 }))
  const discounts = held.discounts
    .flatMap((discount) => idOf(discount) ?? [])
    .map((discount) => ({ discount }))
  const kept = { ...(discounts.length > 0 && { discounts }) }
  const { trial_end } = held
  await stripe.subscriptionSchedules.update(
    schedule.id,
    {
      end_behavior: 'release',
      phases: [
        {
          ...kept,
          items: [{ price: item.price.id, quantity: item.quantity ?? 1 }, ...others],
          start_date: schedule.current_phase?.start_date ?? item.current_period_start,
          end_date: item.current_period_end,
          ...(trial_end !== null && trial_end >= item.current_period_end && { trial_end }),
        },
        {
          ...kept,
          items: [{ price, quantity }, ...others],
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

/** The item that is mirrored, which decides the plan, unless somebody has just changed it; beside it there may be others. */
export function itemOf(
  { items }: Stripe.Subscription,
  { priceId }: Pick<MirroredSubscription, 'priceId'>,
): Stripe.SubscriptionItem {
  const item = items.data.find(({ price }) => price.id === priceId)
  if (!item) throw problem('change-in-progress')
  return item
}

async function withPortal(app: App, stripe: Stripe, customer: Customer, error: unknown): Promise<unknown> {
  const known = stripeErrorOf(error)
  if (known?.type !== 'StripeCardError') return error
  const portal = await linkToPortal(app, stripe, customer, { flow: 'payment_method' })
  return problem('payment-failed', { decline_code: known.decline_code ?? known.code ?? null, portal })
}

/** Whether a subscription is set to end. */
export const isEnding = ({ cancelAt, cancelAtPeriodEnd }: MirroredSubscription) =>
  cancelAtPeriodEnd || cancelAt !== null
