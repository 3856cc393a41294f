import { securityUrlOf } from '../../access/access.ts'
import type { AccountRef } from '../../access/snapshot.ts'
import { audit } from '../../audit/audit.ts'
import type { Config } from '../../config.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import type { Caller, UserActor } from '../../http/actor.ts'
import { lockUser } from '../../identity/users.ts'
import { problem } from '../../problems.ts'
import { lockAccount } from '../accounts.ts'
import { roleIn } from '../invites/invites.ts'
import { mayReopen } from './rules.ts'

/**
 * Opens an account again that the caller is an owner of, as it was when it was closed; harmless for one that is open.
 * What has been purged, or is due to be, is as if it had never been. One that asks for a second factor does so here too:
 * `isProved` says whether one has proved the session.
 */
export async function reopenAccount(
  tx: Tx,
  config: Pick<Config, 'deletionGraceDays' | 'publicUrl'>,
  caller: Caller<UserActor>,
  { accountId, isProved }: { accountId: string; isProved: boolean },
  at: Date,
): Promise<AccountRef> {
  const { userId } = caller.actor
  // The user first, as everywhere: whoever is deleted meanwhile leaves no account open that has no owner.
  const [user, account, role] = await Promise.all([
    lockUser(tx, userId),
    lockAccount(tx, accountId),
    roleIn(tx, accountId, userId),
  ])
  if (!user) throw problem('session-expired')
  if (!account || role !== 'owner') throw problem('not-found')
  if (account.closedAt && !mayReopen(account, config, at)) throw problem('not-found')
  if (account.requiresSecondFactor && !isProved)
    throw problem('second-factor-required-here', { security_url: securityUrlOf(config) })
  await markOpen(tx, caller, { accountId }, at)
  return { id: account.id, name: account.name, role }
}

/** Opens a closed account whose row is locked and that was not purged; harmless for one that is open. */
export async function markOpen(
  tx: Tx,
  caller: Caller,
  { accountId, details }: { accountId: string; details?: Record<string, unknown> },
  at: Date,
): Promise<void> {
  changed(tx, `account:${accountId}`)
  const reopened = await tx
    .updateTable('accounts')
    .set({ closed_at: null })
    .where('id', '=', accountId)
    .where('closed_at', 'is not', null)
    .where('purged_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (reopened)
    await audit(tx, caller, { action: 'account.reopened', accountId, ...(details && { details }) }, at)
}
