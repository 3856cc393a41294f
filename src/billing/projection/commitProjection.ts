import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import { loadCatalogue } from '../../catalogue/catalogue.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import { setStripeGrant } from '../../entitlements/stripeGrants.ts'
import { accessUntil, isLive } from '../../entitlements/truthTable.ts'
import { systemCaller } from '../../http/actor.ts'
import { enqueue } from '../../jobs/enqueue.ts'
import { checkoutsAmong } from '../checkout/checkoutSessions.ts'
import { cancelUnwantedJob } from '../jobs.ts'
import { knownPrices } from '../prices/prices.ts'
import { type Drift, noteDrift } from '../reconcile/drift.ts'
import { promiseWrongSeats } from '../seats/promiseWrongSeats.ts'
import type { Alarm } from './alarms.ts'
import { type Difference, differencesOf } from './differences.ts'
import {
  chooseShown,
  type Holdings,
  isOver,
  type MirroredSubscription,
  mirrorSubscription,
  unwantedOf,
} from './rules.ts'
import { mirroredOf, mirroredOfCustomer, saveMirror } from './subscriptions.ts'
import { tellOwners } from './tellOwners.ts'

/** What one look at Stripe found, and with which right it may be written. */
export interface Look {
  customer: string
  token: number
  /** Events that had come before it. */
  events: string[]
  /** Whether it was taken because an hour had passed: what it finds though no event had come is drift. */
  isSweep: boolean
  holdings: Holdings
}

export type Outcome =
  /** Written, or found to be written already. */
  | {
      kind: 'written'
      token: number
      accountId: string
      differences: Difference[]
      drift: Drift[]
      alarms: Alarm[]
    }
  /** Somebody who looked later has written. */
  | { kind: 'stale'; token: number; accountId: string; alarms: Alarm[] }
  /** Not a customer of ours. */
  | { kind: 'unknown' }

/** Writes what a look found, unless a later look has been written: rows, grants, the inbox and what follows, in one commit. */
export async function commitProjection(
  tx: Tx,
  app: Pick<App, 'config'>,
  { customer, token, events, isSweep, holdings }: Look,
  at: Date,
): Promise<Outcome> {
  const fence = await takeFence(tx, { customer, token, isDeleted: holdings.isDeleted }, at)
  if (fence.kind === 'stale') {
    // Who looked later began after these events had come, so what they told of is written.
    const alarms = await closeEvents(tx, { customer, events }, await mirroredOfCustomer(tx, customer), at)
    return { kind: 'stale', token, accountId: fence.accountId, alarms }
  }
  const { accountId } = fence
  // Which one is shown is decided over all customers that the account has had, by one look at a time.
  const { closed_at, purged_at } = await tx
    .selectFrom('accounts')
    .select(['closed_at', 'purged_at'])
    .where('id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
  const [catalogue, before, mirrored] = await Promise.all([
    loadCatalogue(tx),
    mirroredOf(tx, accountId),
    mirror(tx, accountId, holdings),
  ])
  // Stripe remembers the card of an account that is forgotten here.
  const found = purged_at ? mirrored.map((one) => ({ ...one, card: null })) : mirrored
  const after = [...found, ...goneFrom(before, found, customer, at)]
  const others = before.filter(
    ({ customerId, id }) => customerId !== customer && !after.some((one) => one.id === id),
  )
  const all = [...after, ...others]
  const shown = chooseShown(all, (plan) => catalogue.planOf(plan).rank)
  const differences = differencesOf(before, after)
  const isOther = differences.length > 0 || before.find(({ isShown }) => isShown)?.id !== shown?.id
  if (isOther || fence.isNewlyDeleted) changed(tx, `account:${accountId}`)
  if (isOther) {
    await saveMirror(tx, { accountId, customer, after, shown: shown?.id ?? null, at })
  }
  for (const one of after) await grantFor(tx, app, accountId, one, at)
  for (const difference of differences) await note(tx, accountId, difference, at)
  await tellOwners(tx, { accountId, after, differences, awaitingBuyer: holdings.awaitingBuyer }, at)
  // A look that changes nothing promises nothing either: it may be that of the very job that was promised.
  if (differences.length > 0) await promiseCancelling(tx, all, closed_at !== null)
  if (isOther) await promiseWrongSeats(tx, accountId)
  const drift =
    isSweep && events.length === 0 ? await noteDrift(tx, driftOf(accountId, customer, differences), at) : []
  const alarms: Alarm[] = [
    ...(fence.isNewlyDeleted ? [{ kind: 'deleted-customer', customer } as const] : []),
    ...(differences.length > 0 ? severalLive(all) : []),
    ...differences.flatMap(newlyUnknown),
    ...(await closeEvents(tx, { customer, events }, after, at)),
  ]
  return { kind: 'written', token, accountId, differences, drift, alarms }
}

type Fence =
  | { kind: 'open'; accountId: string; isNewlyDeleted: boolean }
  | { kind: 'stale'; accountId: string }

/** Lets only the latest look through, and holds the customer's row so that looks are written one after another. */
async function takeFence(
  tx: Tx,
  { customer, token, isDeleted }: { customer: string; token: number; isDeleted: boolean },
  at: Date,
): Promise<Fence> {
  const known = await tx
    .selectFrom('stripe_customers')
    .select(['account_id', 'projected_token', 'deleted_at'])
    .where('stripe_customer_id', '=', customer)
    .forUpdate()
    .executeTakeFirstOrThrow()
  const accountId = known.account_id
  if (known.projected_token >= token) return { kind: 'stale', accountId }
  const isNewlyDeleted = isDeleted && known.deleted_at === null
  await tx
    .updateTable('stripe_customers')
    .set({ projected_token: token, ...(isNewlyDeleted && { deleted_at: at }) })
    .where('stripe_customer_id', '=', customer)
    .execute()
  return { kind: 'open', accountId, isNewlyDeleted }
}

/** The mark of a checkout counts where the account had that checkout: marks can be copied at Stripe. */
async function mirror(tx: Tx, accountId: string, holdings: Holdings): Promise<MirroredSubscription[]> {
  const prices = await knownPrices(tx)
  const mirrored = holdings.subscriptions.map((one) => mirrorSubscription(one, holdings.openInvoices, prices))
  const ours = await checkoutsAmong(
    tx,
    accountId,
    mirrored.flatMap(({ checkoutId }) => checkoutId ?? []),
  )
  return mirrored.map((one) => ({
    ...one,
    checkoutId: one.checkoutId !== null && ours.has(one.checkoutId) ? one.checkoutId : null,
  }))
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
async function promiseCancelling(tx: Tx, all: MirroredSubscription[], isClosed: boolean): Promise<void> {
  for (const { one } of unwantedOf(all, isClosed)) {
    await enqueue(tx, cancelUnwantedJob, { subscription: one.id }, { key: `cancel-unwanted ${one.id}` })
  }
}

function severalLive(all: MirroredSubscription[]): Alarm[] {
  const live = all.filter(isLive)
  return live.length > 1 ? [{ kind: 'several-live', subscriptions: live.map(({ id }) => id) }] : []
}

const isUnknown = (one: MirroredSubscription) => one.plan === null && !isOver(one)

function newlyUnknown({ before, after }: Difference): Alarm[] {
  const isNew = isUnknown(after) && !(before && isUnknown(before))
  return isNew ? [{ kind: 'unknown-price', subscription: after.id, price: after.priceId }] : []
}

function driftOf(accountId: string, customer: string, differences: Difference[]): Drift[] {
  return differences.map(({ id, before, after }) => ({
    accountId,
    customer,
    subscription: id,
    kind: before ? 'missed-change' : 'missed-subscription',
    details: { before: before?.status ?? null, after: after.status, plan: after.plan },
  }))
}

/**
 * Everything that had come before the look is handled by it, and what was parked before too; unless a price is unknown,
 * which an operator has to see. What Stripe sent is kept only until then.
 */
async function closeEvents(
  tx: Tx,
  { customer, events }: Pick<Look, 'customer' | 'events'>,
  all: MirroredSubscription[],
  at: Date,
): Promise<Alarm[]> {
  const unknown = all.find(isUnknown)
  if (!unknown) {
    await tx
      .updateTable('stripe_events')
      .set({ status: 'handled', reason: null, handled_at: at, payload: '{}' })
      .where('stripe_customer_id', '=', customer)
      .where((e) =>
        e.or([
          e('status', '=', 'parked'),
          e.and([e('status', '=', 'received'), e('id', 'in', [...events, ''])]),
        ]),
      )
      .execute()
    return []
  }
  if (events.length === 0) return []
  const reason = `The price ${unknown.priceId} of ${unknown.id} belongs to no plan: add it to the catalogue, or replay after \`frontgate catalogue apply\`.`
  const parked = await tx
    .updateTable('stripe_events')
    .set({ status: 'parked', reason })
    .where('id', 'in', events)
    .where('status', '=', 'received')
    .returning('id')
    .execute()
  return parked.length > 0 ? [{ kind: 'parked', events: parked.map(({ id }) => id), reason }] : []
}
