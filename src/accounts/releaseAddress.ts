import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { markClosed } from './closeAccount.ts'
import { forgetUser, leaveAccounts, lockMemberships } from './forgetUser.ts'

/**
 * Takes an address from a user who never proved it, whose row is locked, and leaves no way in as them. Their accounts
 * are closed, but for those that others are in or that pay: what is in those is not the newcomer's, and operators see
 * in the trail which of them has no owner any more.
 */
export async function releaseAddress(tx: Tx, caller: Caller, userId: string, at: Date): Promise<void> {
  await Promise.all([
    forgetUser(tx, caller, { userId, because: 'address-proved-by-another' }, at),
    audit(tx, caller, { action: 'user.address-released', userId }, at),
  ])
  const memberships = await lockMemberships(tx, userId)
  for (const { id: accountId, others, otherOwners, pays } of memberships) {
    if (others === 0 && !pays) await markClosed(tx, caller, accountId, at)
    else if (otherOwners === 0)
      await audit(tx, caller, { action: 'account.owner-lost', accountId, userId }, at)
  }
  await leaveAccounts(tx, userId, memberships)
}

/** Has reset links that were mailed to an address speak for the user who has it now. */
export async function handOverResets(tx: Tx, { from, to }: { from: string; to: string }): Promise<void> {
  await tx
    .updateTable('password_reset_tokens')
    .set({ user_id: to })
    .where('user_id', '=', from)
    .where('purpose', '=', 'reset')
    .where('used_at', 'is', null)
    .where('superseded_at', 'is', null)
    .execute()
}
