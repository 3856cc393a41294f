import { sql } from 'kysely'
import { audit } from '../../audit/audit.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import { type FactorMethod, methodsOf } from '../../factors/factorsOf.ts'
import { replaceRecoveryCodes } from '../../factors/recoveryCodes/replaceRecoveryCodes.ts'
import { removeFactors } from '../../factors/removeFactors.ts'
import type { Caller, UserActor } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import { notifyUser } from '../notifyUser.ts'
import { endSessions } from '../sessions.ts'
import type { FactorHolder } from './lockForFactors.ts'
import { noteProof } from './noteProof.ts'

type Kind = Exclude<FactorMethod, 'recovery-code'>

/**
 * What follows from a factor that was added: the user is told, and this session counts as proved by it. With the first one the
 * other sessions end, so that none is left that nothing proved, and there are recovery codes, which are returned.
 */
export async function afterAdding(
  tx: Tx,
  caller: Caller<UserActor>,
  { user, holder, factors }: FactorHolder,
  method: Kind,
  at: Date,
): Promise<string[] | null> {
  const { userId, sessionId } = caller.actor
  const isFirst = methodsOf(factors).length === 0
  changed(tx, `user:${userId}`)
  const fill = { factor: factorTitles[method], isFirst }
  const [codes] = await Promise.all([
    isFirst ? replaceRecoveryCodes(tx, holder, at) : null,
    noteProof(tx, { sessionId, method }, at),
    isFirst ? endSessions(tx, caller, { userId, because: 'factor-added', except: sessionId }, at) : undefined,
    audit(tx, caller, { action: 'factor.added', userId, details: { method } }, at),
    notifyUser(tx, user, { template: 'factor-added', fill, path: '/security' }, at),
  ])
  return codes
}

/**
 * What follows from a factor that was taken away. The last one is refused where an account asks for it; else recovery codes go
 * with it, and no session counts as proved any more.
 */
export async function afterRemoving(
  tx: Tx,
  caller: Caller<UserActor>,
  { user, holder, isLast }: Pick<FactorHolder, 'user' | 'holder'> & { isLast: boolean },
  method: Kind,
  at: Date,
): Promise<void> {
  const { userId } = caller.actor
  changed(tx, `user:${userId}`)
  const accounts = isLast ? await accountsThatAsk(tx, userId) : []
  if (accounts.length > 0) throw problem('last-second-factor', { accounts })
  const fill = { factor: factorTitles[method], isLast }
  await Promise.all([
    isLast ? removeFactors(tx, holder) : undefined,
    isLast ? forgetProofs(tx, userId) : undefined,
    audit(tx, caller, { action: 'factor.removed', userId, details: { method } }, at),
    notifyUser(tx, user, { template: 'factor-removed', fill, path: '/security' }, at),
  ])
}

/** As mails call them. */
const factorTitles: Record<Kind, string> = { totp: 'an authenticator app', passkey: 'a passkey' }

/** Open accounts of a user that ask their members for a second factor. */
async function accountsThatAsk(tx: Tx, userId: string): Promise<{ id: string; name: string }[]> {
  const { rows } = await sql<{ id: string; name: string }>`
    select a.id, a.name from accounts a join members m on m.account_id = a.id
    where m.user_id = ${userId} and a.requires_second_factor and a.closed_at is null
    order by a.name, a.id`.execute(tx)
  return rows
}

/** Has no session of a user count as proved. */
async function forgetProofs(tx: Tx, userId: string): Promise<void> {
  await tx
    .updateTable('sessions')
    .set({ factor: null, factor_proved_at: null })
    .where('user_id', '=', userId)
    .where('factor', 'is not', null)
    .where('revoked_at', 'is', null)
    .execute()
}
