import { lockAccount } from '../accounts/accounts.ts'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { changed, type Tx } from '../db/transaction.ts'
import type { Source } from '../entitlements/facts.ts'
import { giveGrant } from '../entitlements/giveGrant.ts'
import type { Caller, SignedInOperator } from '../http/actor.ts'
import { refuseNoInstant, refuseOddEnd } from '../http/instants.ts'
import { refuseOperatorBelow } from '../http/route.ts'
import { problem } from '../problems.ts'
import { roleToEnd, roleToGive } from './rules.ts'

/** Which plan an operator gives to whom, from when, until when, and why; `until` null is for good. */
export interface GrantOrder {
  accountId: string
  source: Exclude<Source, 'stripe'>
  plan: string
  from: Date
  until: Date | null
  reason: string
}

/**
 * Gives an account that was not purged a plan for a time. A trial that an operator gives extends or repeats the
 * registration's.
 */
export async function grantPlan(
  tx: Tx,
  { config }: Pick<App, 'config'>,
  caller: Caller<SignedInOperator>,
  order: GrantOrder,
  at: Date,
) {
  refuseOperatorBelow(caller.actor, roleToGive(order, config.trialPlan, at))
  refuseOddTimes(order, at)
  const account = await lockAccount(tx, order.accountId)
  if (!account) throw problem('not-found')
  if (account.purgedAt) throw problem('account-deleted')
  const plan = await tx.selectFrom('plans').select('plan').where('plan', '=', order.plan).executeTakeFirst()
  if (!plan) refuse('#/plan', 'is not a plan of the catalogue')
  const before = await latestOf(tx, order)
  const id = await giveGrant(tx, { ...order, grantedBy: caller.actor.operatorId }, at)
  const details = {
    grant: id,
    source: order.source,
    plan: order.plan,
    until_before: before?.until_at?.toISOString() ?? null,
    until: order.until?.toISOString() ?? null,
    reason: order.reason,
  }
  await audit(tx, caller, { action: 'grant.given', accountId: order.accountId, details }, at)
  return { ...order, id }
}

/** Ends a grant now. */
export async function endGrant(
  tx: Tx,
  caller: Caller<SignedInOperator>,
  { grantId, reason }: { grantId: string; reason: string },
  at: Date,
): Promise<void> {
  const grant = await tx
    .selectFrom('grants')
    .selectAll()
    .where('id', '=', grantId)
    .forUpdate()
    .executeTakeFirst()
  // What Stripe grants only Stripe ends.
  if (!grant || grant.source === 'stripe') throw problem('not-found')
  refuseOperatorBelow(caller.actor, roleToEnd[grant.source as GrantOrder['source']])
  if (grant.ended_at || (grant.until_at && grant.until_at <= at)) throw problem('grant-already-ended')
  changed(tx, `account:${grant.account_id}`)
  // One that has not begun yet becomes an empty interval.
  const until = grant.from_at > at ? grant.from_at : at
  await tx
    .updateTable('grants')
    .set({ until_at: until, ended_at: at, ended_by: caller.actor.operatorId, end_reason: reason })
    .where('id', '=', grantId)
    .execute()
  const details = {
    grant: grantId,
    source: grant.source,
    until_before: grant.until_at?.toISOString() ?? null,
    until: until.toISOString(),
    reason,
  }
  await audit(tx, caller, { action: 'grant.ended', accountId: grant.account_id, details }, at)
}

/** A grant in the words of the wire. */
export function describeGrant({ id, source, plan, from, until, reason }: DescribedGrant) {
  return { id, source, plan, from: from.toISOString(), until: until?.toISOString() ?? null, reason }
}

interface DescribedGrant extends Omit<GrantOrder, 'accountId' | 'source'> {
  id: string
  source: string
}

function refuseOddTimes({ source, from, until }: GrantOrder, at: Date): void {
  refuseNoInstant('#/from', from)
  refuseOddEnd('#/until', until, at)
  if (until && until <= from) refuse('#/until', 'must be after from')
  if (source === 'trial' && !until) refuse('#/until', 'is missing: a trial has an end')
}

function latestOf(tx: Tx, { accountId, source }: GrantOrder) {
  return tx
    .selectFrom('grants')
    .select('until_at')
    .where('account_id', '=', accountId)
    .where('source', '=', source)
    .orderBy('until_at', (order) => order.desc().nullsFirst())
    .limit(1)
    .executeTakeFirst()
}

function refuse(pointer: string, detail: string): never {
  throw problem('invalid-request', { errors: [{ pointer, detail }] })
}
