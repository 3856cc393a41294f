import { audit } from '../../audit/audit.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import { factorsOf, methodsOf } from '../../factors/factorsOf.ts'
import { removeFactors } from '../../factors/removeFactors.ts'
import type { Caller } from '../../http/actor.ts'
import { notifyUser } from '../notifyUser.ts'
import { endSessions } from '../sessions.ts'
import { lockUser } from '../users.ts'
import { voidChallenges } from './challenges.ts'

/**
 * Takes all factors of a user away who has lost them, for whoever made sure that it is them: ends all sessions, voids first
 * steps that wait for the second, and tells the mailbox. False where there is no such user, or they have none.
 */
export async function resetFactors(
  tx: Tx,
  caller: Caller,
  { userId, reason }: { userId: string; reason: string },
  at: Date,
): Promise<boolean> {
  const holder = { kind: 'user', id: userId } as const
  const user = await lockUser(tx, userId)
  if (!user || methodsOf(await factorsOf(tx, holder)).length === 0) return false
  changed(tx, `user:${userId}`)
  await Promise.all([
    removeFactors(tx, holder),
    voidChallenges(tx, userId, at),
    endSessions(tx, caller, { userId, because: 'factors-reset' }, at),
    audit(tx, caller, { action: 'factors.reset', userId, details: { reason } }, at),
    notifyUser(tx, user, { template: 'factors-reset', fill: {}, path: '/sign-in' }, at),
  ])
  return true
}
