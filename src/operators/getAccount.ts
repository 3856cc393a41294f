import { readFacts } from '../access/snapshot.ts'
import { purgeDueAt } from '../accounts/deletion/rules.ts'
import { describeMember, membersOf } from '../accounts/members/members.ts'
import { audit } from '../audit/audit.ts'
import { shownStatus } from '../billing/billingState.ts'
import { type KnownSubscription, mirroredOf } from '../billing/projection/subscriptions.ts'
import { loadCatalogue } from '../catalogue/catalogue.ts'
import type { Config } from '../config.ts'
import type { Tx } from '../db/transaction.ts'
import { overridesOf } from '../entitlements/overrides.ts'
import { decide } from '../entitlements/rules.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { describeOverride } from './giveOverride.ts'
import { describeGrant } from './grants.ts'
import { READ, readTimeline, timelinePage } from './listTimeline.ts'

const TIMELINE_LENGTH = 100

/**
 * One account as operators see it: what it is on and why, members, grants, overrides, subscriptions, and the newest entries
 * of its timeline. The reading is noted in the trail.
 */
export async function getAccount(
  tx: Tx,
  config: Pick<Config, 'deletionGraceDays'>,
  caller: Caller<OperatorActor>,
  id: string,
  at: Date,
) {
  const account = await tx.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst()
  if (!account) throw problem('not-found')
  const [facts, catalogue, members, grants, features, limits, customer, subscriptions, timeline] =
    await Promise.all([
      readFacts(tx, id),
      loadCatalogue(tx),
      membersOf(tx, id).orderBy('members.created_at').orderBy('members.user_id').execute(),
      tx
        .selectFrom('grants')
        .selectAll()
        .where('account_id', '=', id)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .execute(),
      overridesOf(tx, 'feature', id),
      overridesOf(tx, 'limit', id),
      tx
        .selectFrom('stripe_customers')
        .select('stripe_customer_id')
        .where('account_id', '=', id)
        .where('deleted_at', 'is', null)
        .executeTakeFirst(),
      mirroredOf(tx, id),
      readTimeline(tx, id, { limit: TIMELINE_LENGTH + 1, after: null }),
      audit(tx, caller, { action: READ, accountId: id }, at),
    ])
  const decision = decide(facts, catalogue, at)
  const newest = timelinePage(timeline, TIMELINE_LENGTH)
  return {
    id: account.id,
    name: account.name,
    plan: decision.plan.plan,
    reason: decision.kind === 'granted' ? decision.grant.source : decision.reason,
    status: shownStatus(facts, at),
    created_at: account.created_at.toISOString(),
    closed_at: account.closed_at?.toISOString() ?? null,
    purge_due_at:
      account.closed_at && !account.purged_at ? purgeDueAt(account.closed_at, config).toISOString() : null,
    purged_at: account.purged_at?.toISOString() ?? null,
    members: members.map(describeMember),
    grants: grants.map(({ from_at: from, until_at: until, ...grant }) =>
      describeGrant({ ...grant, from, until }),
    ),
    features: features.map(describeOverride),
    limits: limits.map(describeOverride),
    stripe_customer_id: customer?.stripe_customer_id ?? null,
    subscriptions: subscriptions
      .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? -1 : 1))
      .map(describeSubscription),
    timeline: newest.data,
    timeline_next: newest.next_cursor,
  }
}

function describeSubscription(one: KnownSubscription) {
  return {
    id: one.id,
    status: one.status,
    plan: one.plan,
    interval: one.interval,
    quantity: one.quantity,
    current_period_end: one.currentPeriodEnd.toISOString(),
    cancel_at_period_end: one.cancelAtPeriodEnd,
    cancel_at: one.cancelAt?.toISOString() ?? null,
    past_due_since: one.pastDueSince?.toISOString() ?? null,
    shown: one.isShown,
  }
}
