import type { App } from '../../app.ts'
import type { Tx } from '../../db/transaction.ts'
import { type Factors, factorsOf } from '../../factors/factorsOf.ts'
import type { Caller, UserActor } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import { refuseUnlessRecent } from '../recentSignIn.ts'
import { refuseUnlessVerified } from '../refuseUnlessVerified.ts'
import { lockUser, type UserRecord } from '../users.ts'

/** A user whose factors may be changed, and what they have so far. */
export interface FactorHolder {
  user: UserRecord
  holder: { kind: 'user'; id: string }
  factors: Factors
}

/**
 * Locks the caller, whose factors are about to change. Throws unless their mailbox is proved, and they signed in or proved a
 * factor within the last ten minutes, in a session that is live still.
 */
export async function lockForFactors(
  tx: Tx,
  { config }: Pick<App, 'config'>,
  { actor: { userId, sessionId } }: Caller<UserActor>,
  at: Date,
): Promise<FactorHolder> {
  const holder = { kind: 'user', id: userId } as const
  const [user, session, factors] = await Promise.all([
    lockUser(tx, userId),
    tx
      .selectFrom('sessions')
      .select(['created_at', 'factor_proved_at'])
      .where('id', '=', sessionId)
      .where('revoked_at', 'is', null)
      .executeTakeFirst(),
    factorsOf(tx, holder),
  ])
  if (!user || !session) throw problem('session-expired')
  refuseUnlessVerified(user, config, 'Prove that the mailbox is yours before you protect it.', at)
  const provedAt = Math.max(session.created_at.getTime(), session.factor_proved_at?.getTime() ?? 0)
  refuseUnlessRecent(new Date(provedAt), at)
  return { user, holder, factors }
}
