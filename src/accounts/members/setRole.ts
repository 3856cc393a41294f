import { changed, type Tx } from '../../db/transaction.ts'
import type { Caller, Role } from '../../http/actor.ts'
import { revokeInvitesBeyond } from '../invites/revokeInvite.ts'

/**
 * Writes the role of a member of an account that is locked. Their tokens have it from the next request on, and invites
 * of theirs that go beyond it are taken back.
 */
export async function setRole(
  tx: Tx,
  caller: Caller,
  { accountId, userId, role }: { accountId: string; userId: string; role: Role },
  at: Date,
): Promise<void> {
  changed(tx, `account:${accountId}`)
  changed(tx, `user:${userId}`)
  await Promise.all([
    tx
      .updateTable('members')
      .set({ role })
      .where('account_id', '=', accountId)
      .where('user_id', '=', userId)
      .execute(),
    revokeInvitesBeyond(tx, caller, { accountId, userId, role }, at),
  ])
}
