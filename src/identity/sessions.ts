import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { audit } from '../audit/audit.ts'
import type { Config } from '../config.ts'
import { changed, type Tx } from '../db/transaction.ts'
import { type FactorMethod, factorsOf, methodsOf } from '../factors/factorsOf.ts'
import type { Caller } from '../http/actor.ts'
import type { ProviderName } from '../oidc/rules.ts'
import { type Problem, problem } from '../problems.ts'

const DAY = 86_400_000

/** How the first step of a sign-in was taken. */
export type SignInMethod = 'password' | 'mail-link' | ProviderName
export type RevokedBecause =
  | 'signed-out'
  | 'revoked'
  | 'reuse'
  | 'evicted'
  | 'new-password'
  | 'identity-unlinked'
  | 'factor-added'
  | 'factors-reset'
  | 'address-proved-by-another'
  | 'email-change-undone'
  | 'user-deleted'

/** Someone who has just proved who they are. */
export interface SignedInUser {
  /** Chosen by the caller, so that what reads the new session can travel with what writes it. */
  sessionId: string
  userId: string
  method: SignInMethod
  /** The second factor that was proved; null lets in nobody who has one. */
  factor: FactorMethod | null
  /** Of the password that was checked; another one by now ends the attempt. */
  credentialsVersion: number
  /** The account that the session begins in; null for the user's oldest. */
  accountId?: string | null
}

/** Makes the id of a session that is about to begin. */
export function newSessionId(): string {
  return uuidv7()
}

/**
 * Begins a session: the one way in for every kind of sign-in, and for nobody who has a second factor that was not proved. Beyond `sessionsPerUser` the oldest ones end,
 * also under parallel sign-ins, which wait for the user's row.
 */
export async function beginSession(
  tx: Tx,
  caller: Caller,
  config: Pick<Config, 'sessionDays' | 'sessionIdleDays' | 'sessionsPerUser'>,
  { sessionId, userId, method, factor, credentialsVersion, accountId = null }: SignedInUser,
  at: Date,
): Promise<void> {
  const expiresAt = sessionEnd(config, at)
  const locked = tx
    .selectFrom('users')
    .select('credentials_version')
    .where('id', '=', userId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  // A statement of its own, behind the lock: what is read together with it is from before somebody else let go of it.
  const held = factorsOf(tx, { kind: 'user', id: userId })
  const inserted = tx
    .insertInto('sessions')
    .values({
      id: sessionId,
      user_id: userId,
      account_id: accountId,
      method,
      factor,
      factor_proved_at: factor && at,
      ip: caller.ip,
      user_agent: caller.userAgent,
      created_at: at,
      rotated_at: at,
      idle_expires_at: new Date(Math.min(at.getTime() + config.sessionIdleDays * DAY, expiresAt.getTime())),
      expires_at: expiresAt,
    })
    .execute()
  const surplus = sql<{ id: string }>`
    update sessions set revoked_at = ${at}, revoked_because = 'evicted'
    where id in (
      select id from sessions
      where user_id = ${userId} and revoked_at is null and expires_at > ${at} and idle_expires_at > ${at}
      order by id = ${sessionId} desc, created_at desc, id desc offset ${config.sessionsPerUser}
    )
    returning id`.execute(tx)
  const recorded = audit(
    tx,
    caller,
    { action: 'session.began', userId, details: { session: sessionId, method, ...(factor && { factor }) } },
    at,
  )
  const [user, factors, , evicted] = await Promise.all([locked, held, inserted, surplus, recorded])
  // A new password ended all sessions while this one was on its way in.
  if (user?.credentials_version !== credentialsVersion) throw problem('invalid-credentials')
  if (factor === null && methodsOf(factors).length > 0) throw addedMeanwhile()
  for (const { id } of evicted.rows)
    await recordEnd(tx, caller, { userId, sessionId: id, because: 'evicted' }, at)
}

/** Whoever asks again is asked for the factor that they did not have when this began. */
function addedMeanwhile(): Problem {
  const detail = 'A second factor was added to this user just now. Try again.'
  return problem('overloaded', undefined, { detail, retryAfterSeconds: 1 })
}

function sessionEnd({ sessionDays }: Pick<Config, 'sessionDays'>, at: Date): Date {
  return new Date(at.getTime() + sessionDays * DAY)
}

/** Ends one live session of a user; false when there is none such. Its access tokens are refused from now on. */
export async function endSession(
  tx: Tx,
  caller: Caller,
  { userId, sessionId, because }: { userId: string; sessionId: string; because: RevokedBecause },
  at: Date,
): Promise<boolean> {
  const ended = await tx
    .updateTable('sessions')
    .set({ revoked_at: at, revoked_because: because })
    .where('id', '=', sessionId)
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (!ended) return false
  await recordEnd(tx, caller, { userId, sessionId, because }, at)
  return true
}

/** Ends all sessions of a user, but for one that may go on. */
export async function endSessions(
  tx: Tx,
  caller: Caller,
  { userId, because, except = null }: { userId: string; because: RevokedBecause; except?: string | null },
  at: Date,
): Promise<void> {
  changed(tx, `user:${userId}`)
  const ended = await tx
    .updateTable('sessions')
    .set({ revoked_at: at, revoked_because: because })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .$if(except !== null, (query) => query.where('id', '!=', except as string))
    .returning('id')
    .execute()
  if (ended.length === 0) return
  await audit(
    tx,
    caller,
    { action: 'session.ended', userId, details: { sessions: ended.length, because } },
    at,
  )
}

async function recordEnd(
  tx: Tx,
  caller: Caller,
  { userId, sessionId, because }: { userId: string; sessionId: string; because: RevokedBecause },
  at: Date,
): Promise<void> {
  changed(tx, `session:${sessionId}`)
  await audit(tx, caller, { action: 'session.ended', userId, details: { session: sessionId, because } }, at)
}
