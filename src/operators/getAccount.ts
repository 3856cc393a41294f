import { purgeDueAt } from '../accounts/deletion/rules.ts'
import { describeMember, membersOf } from '../accounts/members/members.ts'
import { audit } from '../audit/audit.ts'
import { type KnownSubscription, mirroredOf } from '../billing/projection/subscriptions.ts'
import type { Config } from '../config.ts'
import type { Tx } from '../db/transaction.ts'
import { overridesOf } from '../entitlements/overrides.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { describeOverride } from './giveOverride.ts'
import { describeGrant } from './grants.ts'

const TIMELINE_LENGTH = 100
const READ = 'operator.read-account'

/**
 * One account as operators see it: members, grants, overrides, subscriptions, and the newest entries of its trail, which
 * notes the reading too. The timeline leaves those notes out.
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
  const [members, grants, features, limits, customer, subscriptions, timeline] = await Promise.all([
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
    tx
      .selectFrom('audit_log')
      .select(['id', 'at', 'action', 'actor_kind', 'actor_id', 'user_id', 'details'])
      .where('account_id', '=', id)
      .where('action', '!=', READ)
      .orderBy('at', 'desc')
      .orderBy('id', 'desc')
      .limit(TIMELINE_LENGTH)
      .execute(),
    audit(tx, caller, { action: READ, accountId: id }, at),
  ])
  return {
    id: account.id,
    name: account.name,
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
    timeline: timeline.map((entry) => ({ ...entry, at: entry.at.toISOString() })),
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
