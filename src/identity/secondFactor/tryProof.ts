import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import type { Tx } from '../../db/transaction.ts'
import { type FactorMethod, factorsOf } from '../../factors/factorsOf.ts'
import type { Proof } from '../../factors/fields.ts'
import { proveFactor } from '../../factors/proveFactor.ts'
import type { Caller } from '../../http/actor.ts'
import type { Limit, Verdict } from '../../limits/limiter.ts'
import { refuseAboveLimit } from '../../limits/refuseAboveLimit.ts'
import { problem } from '../../problems.ts'
import { describeDevice } from '../describeDevice.ts'
import { notifyUser } from '../notifyUser.ts'
import { refusalNoticeLimits } from '../throttles.ts'
import type { UserRecord } from '../users.ts'

/** What came of a proof. Whatever it was is to be committed: failures count, and what was used up stays so. */
export type Tried =
  | { kind: 'proved'; method: FactorMethod }
  | { kind: 'wrong' }
  | { kind: 'throttled'; verdict: Verdict }

/** Whose guesses these are, and how many of them are heard. */
interface Guess {
  user: UserRecord
  limits: Limit[]
  /** Whether they come from a device in which the user never proved a factor. */
  isStranger?: boolean
}

/**
 * Tries a proof of a user whose row is locked, so that guesses come one after the other and no more of them are heard than
 * the limits let pass, however many are sent at once. Failures count, successes do not.
 */
export async function tryProof(
  tx: Tx,
  app: App,
  caller: Caller,
  { user, proof, limits, isStranger = false }: Guess & { proof: Proof },
  at: Date,
): Promise<Tried> {
  const verdict = await app.limiter.peek(limits, at, tx)
  if (verdict.retryAfterSeconds !== null) return { kind: 'throttled', verdict }
  const method = await proveFactor(tx, app, { kind: 'user', id: user.id }, proof, at)
  if (method === null) {
    await countWrongProof(tx, app, caller, { user, limits, isStranger }, at)
    return { kind: 'wrong' }
  }
  if (method === 'recovery-code') await tellOfRecoveryCode(tx, caller, user, at)
  return { kind: 'proved', method }
}

/** The method that was proved; throws for what proved nothing. */
export function provedBy(tried: Tried): FactorMethod {
  if (tried.kind === 'throttled') refuseAboveLimit(tried.verdict)
  if (tried.kind !== 'proved') throw problem('wrong-second-factor')
  return tried.method
}

/**
 * Counts a wrong proof and writes it to the trail; the one that fills a count is written there as the lock, and mailed. So is the
 * first one a day of a stranger: they know the password.
 */
export async function countWrongProof(
  tx: Tx,
  app: App,
  caller: Caller,
  { user, limits, isStranger = false }: Guess,
  at: Date,
): Promise<void> {
  const { id: userId } = user
  await audit(tx, caller, { action: 'second-factor.refused', userId }, at)
  await app.limiter.take(limits, at, tx)
  const { retryAfterSeconds } = await app.limiter.peek(limits, at, tx)
  const isLocked = retryAfterSeconds !== null
  if (isLocked) await audit(tx, caller, { action: 'second-factor.locked', userId }, at)
  if (!isLocked && !(isStranger && (await isFirstToday(tx, app, userId, at)))) return
  const fill = { isLocked, device: describeDevice(caller.userAgent), when: at.toUTCString() }
  await notifyUser(tx, user, { template: 'second-factor-refused', fill, path: '/security' }, at)
}

async function isFirstToday(tx: Tx, app: App, userId: string, at: Date): Promise<boolean> {
  return (await app.limiter.take(refusalNoticeLimits(userId), at, tx)).retryAfterSeconds === null
}

async function tellOfRecoveryCode(tx: Tx, caller: Caller, user: UserRecord, at: Date): Promise<void> {
  const { recoveryCodesLeft: left } = await factorsOf(tx, { kind: 'user', id: user.id })
  const fill = { left, device: describeDevice(caller.userAgent), when: at.toUTCString() }
  await Promise.all([
    audit(tx, caller, { action: 'recovery-code.used', userId: user.id, details: { left } }, at),
    notifyUser(tx, user, { template: 'recovery-code-used', fill, path: '/security' }, at),
  ])
}
