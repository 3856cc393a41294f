import type Stripe from 'stripe'
import { v7 as uuidv7 } from 'uuid'
import type { App } from '../../app.ts'
import { inTx } from '../../db/transaction.ts'
import { isPassing } from '../../stripe/errors.ts'
import { turnToRead } from '../../stripe/pace.ts'
import { knownPrices } from '../prices/prices.ts'
import type { Outcome } from '../projection/commitProjection.ts'
import { isSame } from '../projection/differences.ts'
import { EXPAND } from '../projection/fetchHoldings.ts'
import { projectCustomer } from '../projection/projectCustomer.ts'
import { idOf, type KnownPrice, mirrorSubscription } from '../projection/rules.ts'
import { type KnownSubscription, mirroredIn } from '../projection/subscriptions.ts'
import { promiseWrongSeats } from '../seats/promiseWrongSeats.ts'
import { noteDoubles, reportDrift } from './drift.ts'
import { promiseWaitingEvents } from './promiseWaitingEvents.ts'

/** How far a reconciliation is. */
export interface Progress {
  /** Subscriptions that were read at Stripe. */
  subscriptions: number
  /** Customers that looked different and have been looked at closely. */
  checked: number
  /** Differences that no event had told of, and that are mended now. */
  repaired: number
}

const PAGE = 100

/**
 * Compares everything that Stripe holds with what is held here, mends the difference and reports it. Runs beside
 * events and beside itself: what it writes goes through the same door as what events write.
 */
export async function reconcile(
  app: App,
  onProgress: (progress: Progress) => void = () => {},
): Promise<Progress> {
  if (!app.stripe) return { subscriptions: 0, checked: 0, repaired: 0 }
  const stripe = await app.stripe.client()
  const progress: Progress = { subscriptions: 0, checked: 0, repaired: 0 }
  const seen = new Set<string>()
  const id = await begin(app)
  try {
    for await (const page of pagesOf(app, stripe)) {
      for (const { id: found } of page) seen.add(found)
      await mendAll(app, await suspectsOn(app, page), progress)
      progress.subscriptions += page.length
      onProgress(progress)
    }
    await mendAll(app, await notAmong(app, seen), progress)
    reportDrift(app, await inTx(app, (tx) => noteDoubles(tx, app.now())))
    await promiseWrongSeats(app.db)
    await promiseWaitingEvents(app)
  } catch (error) {
    // Not an hour must pass until it is tried again.
    await app.db.deleteFrom('reconciliations').where('id', '=', id).execute()
    throw error
  }
  await finish(app, id, progress)
  onProgress(progress)
  return progress
}

async function* pagesOf(app: App, stripe: Stripe): AsyncGenerator<Stripe.Subscription[]> {
  let last: string | undefined
  for (;;) {
    await turnToRead(app, 'job')
    const { data, has_more } = await stripe.subscriptions.list({
      status: 'all',
      limit: PAGE,
      expand: EXPAND,
      ...(last && { starting_after: last }),
    })
    yield data
    last = data.at(-1)?.id
    if (!has_more || !last) return
  }
}

/**
 * Customers of a page whose subscriptions are not mirrored as they are. Since when a charge is owed is not on the page,
 * so whoever owes one is always looked at.
 */
async function suspectsOn(app: App, page: Stripe.Subscription[]): Promise<string[]> {
  const [prices, mirrored] = await Promise.all([
    knownPrices(app.db),
    mirroredIn(
      app.db,
      page.map(({ id }) => id),
    ),
  ])
  const known = new Map(mirrored.map((one) => [one.id, one]))
  const suspects = page
    .filter((one) => one.status === 'past_due' || !isMirrored(one, known.get(one.id), prices))
    .flatMap(({ customer }) => idOf(customer) ?? [])
  return ours(app, [...new Set(suspects)])
}

/** Whether the mark of a checkout is that of one of ours is known to the look only. */
function isMirrored(
  one: Stripe.Subscription,
  known: KnownSubscription | undefined,
  prices: KnownPrice[],
): boolean {
  if (!known || one.items.data.length === 0) return false
  const { checkoutId } = known
  return isSame(known, { ...mirrorSubscription(one, [], prices), checkoutId })
}

async function ours(app: App, customers: string[]): Promise<string[]> {
  if (customers.length === 0) return []
  const rows = await app.db
    .selectFrom('stripe_customers')
    .select('stripe_customer_id')
    .where('stripe_customer_id', 'in', customers)
    .execute()
  return rows.flatMap(({ stripe_customer_id }) => stripe_customer_id ?? [])
}

/** Customers with something live here that Stripe does not have. */
async function notAmong(app: App, seen: Set<string>): Promise<string[]> {
  const suspects = new Set<string>()
  const rows = await app.db
    .selectFrom('subscriptions')
    .select(['stripe_subscription_id', 'stripe_customer_id'])
    .where('is_live', 'is', true)
    .execute()
  for (const row of rows) if (!seen.has(row.stripe_subscription_id)) suspects.add(row.stripe_customer_id)
  return [...suspects]
}

async function mendAll(app: App, customers: string[], progress: Progress): Promise<void> {
  for (const customer of customers) {
    const outcome = await mend(app, customer)
    progress.checked++
    // What an event that is on its way tells of is late, not drift.
    if (outcome?.kind === 'written') progress.repaired += outcome.drift.length
  }
}

/** One customer that cannot be mirrored does not keep the others from it. */
async function mend(app: App, customer: string): Promise<Outcome | null> {
  try {
    return await projectCustomer(app, customer, 'sweep')
  } catch (error) {
    if (isPassing(error)) throw error
    app.log.error({ error, customer }, 'a customer of Stripe cannot be mirrored')
    app.metrics.stripeAlarms.inc({ kind: 'cannot-mirror' })
    return null
  }
}

async function begin(app: App): Promise<string> {
  const id = uuidv7()
  await app.db.insertInto('reconciliations').values({ id, started_at: app.now() }).execute()
  return id
}

async function finish(app: App, id: string, { subscriptions, repaired }: Progress): Promise<void> {
  await app.db
    .updateTable('reconciliations')
    .set({ finished_at: app.now(), subscriptions, repaired })
    .where('id', '=', id)
    .execute()
}
