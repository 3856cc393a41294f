import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import { loadCatalogue } from '../../catalogue/catalogue.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import { setStripeGrant } from '../../entitlements/stripeGrants.ts'
import { accessUntil } from '../../entitlements/truthTable.ts'
import { systemCaller } from '../../http/actor.ts'
import { enqueue } from '../../jobs/enqueue.ts'
import { cancelUnwantedJob } from '../jobs.ts'
import { knownPrices } from '../prices/prices.ts'
import { type Difference, differencesOf } from './differences.ts'
import {
  chooseShown,
  type Holdings,
  isLive,
  isOver,
  type MirroredSubscription,
  mirrorSubscription,
  unwantedOf,
} from './rules.ts'
import { mirroredAt, mirroredOf, saveMirror } from './subscriptions.ts'
import { tellOwners } from './tellOwners.ts'

/** What one look at Stripe found, and with which right it may be written. */
export interface Look {
  customer: string
  token: number
  events: string[]
  holdings: Holdings
}

export type Outcome =
  /** Written, or found to be written already. */
  | { kind: 'written'; accountId: string; differences: Difference[] }
  /** Somebody who looked later has written. */
  | { kind: 'stale' }
  /** Not a customer of ours. */
  | { kind: 'unknown' }

/** Writes what a look found, unless a later look has been written: rows, grants, the inbox and what follows, in one commit. */
export async function commitProjection(
  tx: Tx,
  app: Pick<App, 'config' | 'log' | 'metrics'>,
  { customer, token, events, holdings }: Look,
  at: Date,
): Promise<Outcome> {
  const fence = await takeFence(tx, customer, token, holdings.isDeleted, at)
  if (!fence) {
    // Who looked later began after these events had come, so what they told of is written.
    await closeEvents(tx, app, { customer, events }, await mirroredAt(tx, customer), at)
    return { kind: 'stale' }
  }
  const accountId = fence.account_id
  // Which one is shown is decided over all customers that the account has had, by one look at a time.
  const { closed_at } = await tx
    .selectFrom('accounts')
    .select('closed_at')
    .where('id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
  const isClosed = closed_at !== null
  const [prices, catalogue, before] = await Promise.all([
    knownPrices(tx),
    loadCatalogue(tx),
    mirroredOf(tx, accountId),
  ])
  const found = holdings.subscriptions.map((one) => mirrorSubscription(one, holdings.openInvoices, prices))
  const after = [...found, ...goneFrom(before, found, customer, at)]
  const others = before.filter(
    ({ customerId, id }) => customerId !== customer && !after.some((one) => one.id === id),
  )
  const shown = chooseShown([...after, ...others], (plan) => catalogue.planOf(plan).rank)
  const differences = differencesOf(before, after)
  if (differences.length > 0 || before.find(({ isShown }) => isShown)?.id !== shown?.id) {
    changed(tx, `account:${accountId}`)
    await saveMirror(tx, { accountId, customer, after, shown: shown?.id ?? null, at })
  }
  for (const one of after) await grantFor(tx, app, accountId, one, at)
  for (const difference of differences) await note(tx, accountId, difference, at)
  await tellOwners(tx, { accountId, differences, needingConfirmation: holdings.needingConfirmation }, at)
  await followUnwanted(tx, app, { id: accountId, isClosed }, [...after, ...others])
  await closeEvents(tx, app, { customer, events }, after, at)
  return { kind: 'written', accountId, differences }
}

/** Lets only the latest look through, and holds the customer's row so that looks are written one after another. */
async function takeFence(tx: Tx, customer: string, token: number, isDeleted: boolean, at: Date) {
  return tx
    .updateTable('stripe_customers')
    .set((e) => ({
      projected_token: token,
      deleted_at: isDeleted ? e.fn.coalesce('deleted_at', e.val(at)) : e.ref('deleted_at'),
    }))
    .where('stripe_customer_id', '=', customer)
    .where('projected_token', '<', token)
    .returning('account_id')
    .executeTakeFirst()
}

/** What Stripe does not hold any more has ended, as far as anybody can know; its history stays. */
function goneFrom(
  before: (MirroredSubscription & { customerId: string })[],
  found: MirroredSubscription[],
  customer: string,
  at: Date,
): MirroredSubscription[] {
  const known = new Set(found.map(({ id }) => id))
  return before
    .filter((one) => one.customerId === customer && !known.has(one.id))
    .map((one) => (isOver(one) ? one : { ...one, status: 'canceled', endedAt: at, pastDueSince: null }))
}

async function grantFor(
  tx: Tx,
  { config }: Pick<App, 'config'>,
  accountId: string,
  one: MirroredSubscription,
  at: Date,
): Promise<void> {
  const until = accessUntil(one, config)
  const grant = until && one.plan ? { plan: one.plan, from: one.createdAt, until } : null
  await setStripeGrant(tx, { accountId, subscription: one.id, grant }, at)
}

async function note(tx: Tx, accountId: string, { id, before, after }: Difference, at: Date): Promise<void> {
  const words = ({ status, plan, interval, quantity, cancelAt, currentPeriodEnd }: MirroredSubscription) => ({
    status,
    plan,
    interval,
    quantity,
    cancel_at: cancelAt?.toISOString() ?? null,
    period_end: currentPeriodEnd.toISOString(),
  })
  const action = before
    ? isOver(after) && !isOver(before)
      ? 'subscription.ended'
      : 'subscription.changed'
    : 'subscription.begun'
  const details = { subscription: id, before: before && words(before), after: words(after) }
  await audit(tx, systemCaller, { action, accountId, details }, at)
}

/** What nobody meant to have is cancelled and paid back; what somebody made at Stripe by hand is only reported. */
async function followUnwanted(
  tx: Tx,
  { log }: Pick<App, 'log'>,
  { id: accountId, isClosed }: { id: string; isClosed: boolean },
  all: MirroredSubscription[],
): Promise<void> {
  const live = all.filter(isLive)
  if (live.length === 0) return
  if (live.length > 1) {
    log.error(
      { accountId, subscriptions: live.map(({ id }) => id) },
      'an account has several live subscriptions',
    )
  }
  for (const { one } of unwantedOf(all, isClosed)) {
    await enqueue(tx, cancelUnwantedJob, { subscription: one.id }, { key: `cancel-unwanted ${one.id}` })
  }
}

/**
 * Everything that had come before the look is handled by it, and what was parked before too; unless a price is unknown,
 * which an operator has to see.
 */
async function closeEvents(
  tx: Tx,
  { log, metrics }: Pick<App, 'log' | 'metrics'>,
  { customer, events }: Pick<Look, 'customer' | 'events'>,
  all: MirroredSubscription[],
  at: Date,
): Promise<void> {
  const unknown = all.find((one) => one.plan === null && !isOver(one))
  if (!unknown) {
    await tx
      .updateTable('stripe_events')
      .set({ status: 'handled', reason: null, handled_at: at })
      .where('stripe_customer_id', '=', customer)
      .where((e) =>
        e.or([
          e('status', '=', 'parked'),
          e.and([e('status', '=', 'received'), e('id', 'in', [...events, ''])]),
        ]),
      )
      .execute()
    return
  }
  if (events.length === 0) return
  const reason = `The price ${unknown.priceId} of ${unknown.id} belongs to no plan: add it to the catalogue, or replay after \`frontgate catalogue apply\`.`
  log.error({ events, reason }, 'events of Stripe are parked')
  metrics.stripeEventsParked.inc(events.length)
  await tx
    .updateTable('stripe_events')
    .set({ status: 'parked', reason, handled_at: at })
    .where('id', 'in', events)
    .where('status', '=', 'received')
    .execute()
}
