import type { Selectable } from 'kysely'
import type { Interval } from '../../catalogue/catalogue.ts'
import type { Db } from '../../db/database.ts'
import type { Subscriptions } from '../../db/tables.ts'
import type { Tx } from '../../db/transaction.ts'
import type { Card, MirroredSubscription, ScheduledChange } from './rules.ts'

/** A row of the mirror. */
export interface KnownSubscription extends MirroredSubscription {
  customerId: string
  isShown: boolean
}

/** All subscriptions that an account has or had. */
export async function mirroredOf(db: Db, accountId: string): Promise<KnownSubscription[]> {
  const rows = await db.selectFrom('subscriptions').selectAll().where('account_id', '=', accountId).execute()
  return rows.map(fromRow)
}

/** All subscriptions of one customer at Stripe. */
export async function mirroredOfCustomer(db: Db, customer: string): Promise<KnownSubscription[]> {
  const rows = await db
    .selectFrom('subscriptions')
    .selectAll()
    .where('stripe_customer_id', '=', customer)
    .execute()
  return rows.map(fromRow)
}

/** Those of these subscriptions that are mirrored. */
export async function mirroredIn(db: Db, ids: string[]): Promise<KnownSubscription[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('subscriptions')
    .selectAll()
    .where('stripe_subscription_id', 'in', ids)
    .execute()
  return rows.map(fromRow)
}

/** The subscription of an account that is shown and changed, or null when it never had one. */
export async function shownSubscription(db: Db, accountId: string): Promise<KnownSubscription | null> {
  const row = await db
    .selectFrom('subscriptions')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('is_shown', 'is', true)
    .executeTakeFirst()
  return row ? fromRow(row) : null
}

/** Writes what a look found of a customer, and which of the account's subscriptions is shown from now on. */
export async function saveMirror(
  tx: Tx,
  {
    accountId,
    customer,
    after,
    shown,
    at,
  }: {
    accountId: string
    customer: string
    after: MirroredSubscription[]
    shown: string | null
    at: Date
  },
): Promise<void> {
  const none = tx
    .updateTable('subscriptions')
    .set({ is_shown: false })
    .where('account_id', '=', accountId)
    .where('is_shown', 'is', true)
    .where('stripe_subscription_id', 'is distinct from', shown)
    .execute()
  const saved = after.map((one) => {
    const row = {
      ...toRow(one),
      account_id: accountId,
      stripe_customer_id: customer,
      is_shown: one.id === shown,
    }
    return tx
      .insertInto('subscriptions')
      .values({ ...row, first_seen_at: at })
      .onConflict((conflict) => conflict.column('stripe_subscription_id').doUpdateSet(row))
      .execute()
  })
  const other = after.some(({ id }) => id === shown)
    ? []
    : [
        tx
          .updateTable('subscriptions')
          .set({ is_shown: true })
          .where('stripe_subscription_id', '=', shown)
          .execute(),
      ]
  await Promise.all([none, ...saved, ...other])
}

function toRow(one: MirroredSubscription) {
  return {
    stripe_subscription_id: one.id,
    status: one.status,
    plan: one.plan,
    stripe_price_id: one.priceId,
    billing_interval: one.interval,
    quantity: one.quantity,
    current_period_start: one.currentPeriodStart,
    current_period_end: one.currentPeriodEnd,
    billing_anchor: one.billingAnchor,
    trial_end: one.trialEnd,
    cancel_at_period_end: one.cancelAtPeriodEnd,
    cancel_at: one.cancelAt,
    canceled_at: one.canceledAt,
    ended_at: one.endedAt,
    past_due_since: one.pastDueSince,
    scheduled: one.scheduled && JSON.stringify(one.scheduled),
    card: one.card && JSON.stringify(one.card),
    checkout_id: one.checkoutId,
    seats_set: one.seatsSet,
    seats_asked: one.seatsAsked,
    created_at: one.createdAt,
  }
}

function fromRow(row: Selectable<Subscriptions>): KnownSubscription {
  return {
    id: row.stripe_subscription_id,
    status: row.status,
    plan: row.plan,
    priceId: row.stripe_price_id,
    interval: row.billing_interval as Interval | null,
    quantity: row.quantity,
    currentPeriodStart: row.current_period_start,
    currentPeriodEnd: row.current_period_end,
    billingAnchor: row.billing_anchor,
    trialEnd: row.trial_end,
    cancelAtPeriodEnd: row.cancel_at_period_end,
    cancelAt: row.cancel_at,
    canceledAt: row.canceled_at,
    endedAt: row.ended_at,
    pastDueSince: row.past_due_since,
    scheduled: row.scheduled as ScheduledChange | null,
    card: row.card as Card | null,
    checkoutId: row.checkout_id,
    seatsSet: row.seats_set,
    seatsAsked: row.seats_asked,
    createdAt: row.created_at,
    customerId: row.stripe_customer_id,
    isShown: row.is_shown,
  }
}
