import type Stripe from 'stripe'
import { promiseSeatsAnyway } from '../../accounts/members/promiseSeats.ts'
import type { App } from '../../app.ts'
import { Problem, problem } from '../../problems.ts'
import { findCustomer } from '../checkout/customer.ts'
import { closeFulfilled, itemOf, lookAgain } from '../subscription/currentSubscription.ts'
import { SEATS_ANSWER_WITHIN_MS, withOperation } from '../subscription/withOperation.ts'
import { decideSeats, seatMarks } from './rules.ts'
import { type AccountSeating, seatingsOf } from './seatings.ts'

/** Stripe takes 200 for a subscription: https://docs.stripe.com/rate-limits. What people change themselves counts too. */
const MOST_AN_HOUR = 180
const HOUR = 3_600_000

/**
 * Makes the quantity at Stripe what it should be by now, which Stripe is asked first. What that costs or gives back goes
 * onto the next invoice. The look after it promises this again where the members are others by then. While something else
 * is being changed it comes back later.
 */
export async function followSeats(app: App, { accountId }: { accountId: string }): Promise<void> {
  const customer = app.stripe && (await findCustomer(app, accountId))
  if (!app.stripe || !customer) return
  if ((await timesSet(app, accountId)) >= MOST_AN_HOUR) return promiseSeatsAnyway(app.db, accountId)
  const stripe = await app.stripe.client()
  const look = () => lookAgain(app, accountId, customer)
  const current = await look()
  if (!current) return
  await closeFulfilled(app, accountId, current)
  const [seating] = await seatingsOf(app.db, accountId)
  if (!seating) return
  const decision = decideSeats(seating)
  if (decision.kind === 'nothing') return
  const { id, priceId, quantity, seatsSet, seatsAsked } = seating
  const wanted = { quantity: decision.quantity, asked: decision.asked }
  // From where to where: a key must not mean a change that was made and undone since.
  const wish = { subscription: id, ...wanted, from: { priceId, quantity, seatsSet, seatsAsked } }
  try {
    await withOperation(
      app,
      { accountId, kind: 'seats', wish },
      (key) => setSeats(stripe, seating, wanted, key),
      look,
    )
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'change-in-progress')) throw error
    return promiseSeatsAnyway(app.db, accountId)
  }
  await look()
}

/** How often the quantity was set in the last hour. */
async function timesSet(app: App, accountId: string): Promise<number> {
  const { count } = await app.db
    .selectFrom('stripe_operations')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .where('kind', '=', 'seats')
    .where('created_at', '>', new Date(app.now().getTime() - HOUR))
    .executeTakeFirstOrThrow()
  return count
}

/** The job is what repeats it. https://github.com/stripe/stripe-node#configuration */
const ONCE = { timeout: SEATS_ANSWER_WITHIN_MS, maxNetworkRetries: 0 }

/**
 * Where a change is scheduled too: it is of the period that runs, and the next one is followed once it has begun.
 * https://docs.stripe.com/billing/subscriptions/quantities
 */
async function setSeats(
  stripe: Stripe,
  seating: AccountSeating,
  { quantity, asked }: { quantity: number; asked: number | null },
  key: string,
): Promise<'done'> {
  const item = itemOf(await stripe.subscriptions.retrieve(seating.id, {}, ONCE), seating)
  // Somebody has asked for another one since we looked: that comes first.
  if ((item.quantity ?? 1) !== seating.quantity) throw problem('change-in-progress')
  await stripe.subscriptions.update(
    seating.id,
    {
      items: [{ id: item.id, quantity }],
      // Never an invoice of its own: Stripe makes 20 a day for a subscription.
      proration_behavior: 'create_prorations',
      metadata: seatMarks(quantity, asked),
    },
    { ...ONCE, idempotencyKey: key },
  )
  return 'done'
}
