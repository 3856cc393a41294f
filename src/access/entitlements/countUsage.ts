import type { App } from '../../app.ts'
import { decide, MEMBERS } from '../../entitlements/rules.ts'
import { consumeUsage } from '../../entitlements/usage/consumeUsage.ts'
import { releaseUsage } from '../../entitlements/usage/releaseUsage.ts'
import { allowedBy, type Check, checkLimit, type Standing } from '../../entitlements/usage/rules.ts'
import type { UsageOrder } from '../../entitlements/usage/usageKeys.ts'
import { problem } from '../../problems.ts'
import { type AskedAccount, lockedSince, refuse } from './askedAccount.ts'
import { standingOf } from './checkEntitlement.ts'
import { limitReached } from './checkReply.ts'

/** What a caller says of an order; the rest is the account’s. */
type Order = Pick<UsageOrder, 'key' | 'limit' | 'amount'>

/**
 * Counts what a caller orders and says how the account stands after it, and whether it was this call that counted; refused
 * when it does not fit.
 */
export async function consume(
  app: App,
  asked: AskedAccount,
  order: Order,
  at: Date,
): Promise<{ check: Check; counted: boolean }> {
  const { accountId, facts, catalogue } = asked
  const standing = countedStanding(app, asked, order, at)
  const { period, amount: most } = standing
  const consumed = await consumeUsage(app, { ...order, accountId, period, most }, at)
  if (consumed.kind === 'key-reused') throw problem('idempotency-key-reused')
  const after = { ...standing, used: consumed.used }
  if (consumed.kind === 'counted') {
    return { check: allowedBy(after, decide(facts, catalogue, at).plan), counted: consumed.now }
  }
  const check = checkLimit(order.limit, order.amount, after, facts, catalogue, at)
  throw limitReached(check, after, app.config)
}

/** Gives back what a caller orders and says whether as much fits after that. */
export async function release(app: App, asked: AskedAccount, order: Order, at: Date): Promise<Check> {
  const { accountId, facts, catalogue } = asked
  const standing = countedStanding(app, asked, order, at)
  const released = await releaseUsage(app, { ...order, accountId, period: standing.period }, at)
  if (released.kind === 'key-reused') throw problem('idempotency-key-reused')
  const after = { ...standing, used: released.used }
  return checkLimit(order.limit, order.amount, after, facts, catalogue, at)
}

function countedStanding(app: App, asked: AskedAccount, { limit }: Order, at: Date): Standing {
  const standing = standingOf(asked, limit, at)
  if (limit === MEMBERS) refuse('#/limit', 'is counted by Frontgate itself')
  const since = lockedSince(asked, app, at)
  if (since) throw problem('email-verification-required', { grace_ended_at: since.toISOString() })
  return standing
}
