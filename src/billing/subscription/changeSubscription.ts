import type Stripe from 'stripe'
import type { App } from '../../app.ts'
import { problem } from '../../problems.ts'
import { declineCodeOf, isPassing, stripeErrorOf } from '../../stripe/errors.ts'
import type { Customer } from '../checkout/customer.ts'
import { type Ordered, type PricedOrder, priceOrder } from '../priceOrder.ts'
import { idOf } from '../projection/rules.ts'
import type { KnownSubscription } from '../projection/subscriptions.ts'
import { askedOf, seatMarks } from '../seats/rules.ts'
import { currentSubscription, itemOf, lookAgain, releaseSchedule } from './currentSubscription.ts'
import { linkToPortal } from './linkToPortal.ts'
import { decideChange } from './rules.ts'
import { withOperation } from './withOperation.ts'

/**
 * Changes plan, interval or seats: at once with proration, or from the next period on. Asking again does nothing more.
 * `prorationDate` is the instant that a preview was reckoned for; the same one gives the same amounts.
 */
export async function changeSubscription(
  app: App,
  stripe: Stripe,
  ordered: Ordered,
  prorationDate: number | null,
): Promise<void> {
  if (prorationDate !== null) refuseOldPreview(app, prorationDate)
  const { accountId } = ordered.actor
  const { customer, subscription } = await currentSubscription(app, accountId)
  const order = await priceOrder(app, ordered, subscription)
  const decision = decideChange(subscription, order, (plan) => ordered.catalogue.planOf(plan).rank)
  if (decision.kind === 'refused') throw problem('subscription-not-changeable', { reason: decision.reason })
  // Members may fill all seats that are asked for: then nothing changes until they leave.
  const isAsked = order.asked === null || askedOf(subscription) === order.asked
  if (decision.kind === 'nothing' && isAsked) return
  // From where to where: a key must not mean a change that was made and undone since.
  const { id, priceId, quantity, scheduled } = subscription
  const wish = { subscription: id, ...order, prorationDate, from: { priceId, quantity, scheduled } }
  const look = () => lookAgain(app, accountId, customer)
  try {
    await withOperation(
      app,
      { accountId, kind: 'change', wish },
      async (key) => {
        if (decision.kind === 'now') return changeNow(stripe, subscription, { ...order, prorationDate }, key)
        if (decision.kind === 'at-period-end') return changeAtPeriodEnd(stripe, subscription, order, key)
        if (decision.kind === 'keep') await releaseSchedule(stripe, id, key)
        if (!isAsked) await noteAsked(stripe, id, order, key)
        return 'done'
      },
      look,
    )
  } catch (error) {
    // What went wrong is what the caller is told, also when the look fails too; an event tells of the rest.
    await look().catch((failure: unknown) => app.log.warn({ error: failure, accountId }, 'a look failed'))
    throw await withPortal(app, stripe, customer, error)
  }
  await look()
}

const PREVIEW_LIVES_SECONDS = 15 * 60

/** Stripe would take any instant of the period, and towards its end an upgrade costs next to nothing. */
function refuseOldPreview(app: App, prorationDate: number): void {
  const age = app.now().getTime() / 1000 - prorationDate
  if (age <= PREVIEW_LIVES_SECONDS && age >= -1) return
  const detail = 'is not of a preview of the last fifteen minutes'
  throw problem('invalid-request', { errors: [{ pointer: '#/proration_date', detail }] })
}

async function noteAsked(
  stripe: Stripe,
  id: string,
  { quantity, asked }: PricedOrder,
  key: string,
): Promise<void> {
  await stripe.subscriptions.update(id, { metadata: seatMarks(quantity, asked) }, { idempotencyKey: key })
}

/** A card that is declined leaves everything as it was, so a change that is scheduled is dropped only afterwards. */
async function changeNow(
  stripe: Stripe,
  subscription: KnownSubscription,
  { price, quantity, asked, prorationDate }: PricedOrder & { prorationDate: number | null },
  key: string,
): Promise<'done' | 'half-done'> {
  const item = itemOf(await stripe.subscriptions.retrieve(subscription.id), subscription)
  await stripe.subscriptions.update(
    subscription.id,
    {
      // Without the item's id a second item would be added.
      items: [{ id: item.id, price, quantity }],
      metadata: seatMarks(quantity, asked),
      proration_behavior: 'always_invoice',
      payment_behavior: 'error_if_incomplete',
      ...(prorationDate !== null && { proration_date: prorationDate }),
    },
    { idempotencyKey: key },
  )
  try {
    await releaseSchedule(stripe, subscription.id, key)
    return 'done'
  } catch (error) {
    // It is paid for, so it is not refused any more; what is left to do is done without the caller.
    if (isPassing(error)) return 'half-done'
    throw error
  }
}

/** https://docs.stripe.com/billing/subscriptions/subscription-schedules */
async function changeAtPeriodEnd(
  stripe: Stripe,
  subscription: KnownSubscription,
  { price, quantity, asked, interval }: PricedOrder,
  key: string,
): Promise<'done'> {
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
          // Stripe puts them onto the subscription when the phase begins.
          metadata: seatMarks(quantity, asked),
          proration_behavior: 'none',
          duration: { interval, interval_count: 1 },
        },
      ],
    },
    { idempotencyKey: key },
  )
  return 'done'
}

async function withPortal(app: App, stripe: Stripe, customer: Customer, error: unknown): Promise<unknown> {
  const known = stripeErrorOf(error)
  if (known?.type !== 'StripeCardError') return error
  const portal = await linkToPortal(app, stripe, customer, { flow: 'payment_method' })
  return problem('payment-failed', { decline_code: declineCodeOf(known), portal })
}
