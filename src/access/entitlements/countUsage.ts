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

/** What is to be counted, or given back. */
export type Piece = Pick<UsageOrder, 'key' | 'limit' | 'amount'>

/** Counts a piece of work and says how the account stands after it; refused when it does not fit. */
export async function consume(app: App, asked: AskedAccount, piece: Piece, at: Date): Promise<Check> {
  const { facts, catalogue } = asked
  const standing = countedStanding(app, asked, piece, at)
  const order = { ...piece, accountId: asked.accountId, period: standing.period, most: standing.amount }
  const consumed = await consumeUsage(app, order, at)
  if (consumed.kind === 'key-reused') throw problem('idempotency-key-reused')
  const after = { ...standing, used: consumed.used }
  if (consumed.kind === 'counted') return allowedBy(after, decide(facts, catalogue, at).plan)
  const check = checkLimit(piece.limit, piece.amount, after, facts, catalogue, at)
  throw limitReached(check, after, app.config)
}

/** Gives a piece of work back and says whether as much fits after that. */
export async function release(app: App, asked: AskedAccount, piece: Piece, at: Date): Promise<Check> {
  const { facts, catalogue } = asked
  const standing = countedStanding(app, asked, piece, at)
  const order = { ...piece, accountId: asked.accountId, period: standing.period }
  const released = await releaseUsage(app, order, at)
  if (released.kind === 'key-reused') throw problem('idempotency-key-reused')
  const after = { ...standing, used: released.used }
  return checkLimit(piece.limit, piece.amount, after, facts, catalogue, at)
}

function countedStanding(app: App, asked: AskedAccount, { limit }: Piece, at: Date): Standing {
  const standing = standingOf(asked, limit, at)
  if (limit === MEMBERS) refuse('#/limit', 'is counted by Frontgate itself')
  const since = lockedSince(asked, app, at)
  if (since) throw problem('email-verification-required', { grace_ended_at: since.toISOString() })
  return standing
}
