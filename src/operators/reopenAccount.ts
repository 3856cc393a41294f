import { lockAccount } from '../accounts/accounts.ts'
import { markOpen } from '../accounts/deletion/reopenAccount.ts'
import { appointOwner } from '../accounts/members/appointOwner.ts'
import { ownersOf } from '../accounts/owners.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, SignedInOperator } from '../http/actor.ts'
import { refuseOperatorBelow } from '../http/route.ts'
import { lockUser } from '../identity/users.ts'
import { problem } from '../problems.ts'

export interface Reopening {
  accountId: string
  /** Who becomes an owner where none is left; null where nobody is named. */
  ownerId: string | null
  reason: string
}

/**
 * Opens a closed account again at somebody's request, as long as it has not been purged; harmless for one that is open.
 * Refused where it would have no owner, and no user is named who becomes one: nobody could ever close it again.
 * Naming somebody gives them all that is in it, and takes an admin.
 */
export async function reopenAccount(
  tx: Tx,
  caller: Caller<SignedInOperator>,
  { accountId, ownerId, reason }: Reopening,
  at: Date,
) {
  if (ownerId !== null) refuseOperatorBelow(caller.actor, 'admin')
  const [user, account] = await Promise.all([
    ownerId === null ? null : lockUser(tx, ownerId),
    lockAccount(tx, accountId),
  ])
  if (!account) throw problem('not-found')
  if (account.purgedAt) throw problem('account-deleted')
  if (ownerId !== null && !user)
    throw problem('not-found', undefined, { detail: 'There is no user with the id in owner_id.' })
  if ((await ownersOf(tx, accountId)).length === 0) {
    if (!user) {
      const detail = 'Its owners were deleted. Name the user who becomes one in owner_id.'
      throw problem('last-owner', { accounts: [{ id: account.id, name: account.name }] }, { detail })
    }
    await appointOwner(tx, caller, { accountId, userId: user.id, reason }, at)
  }
  await markOpen(tx, caller, { accountId, details: { reason } }, at)
  return {
    id: account.id,
    name: account.name,
    created_at: account.createdAt.toISOString(),
    closed_at: null,
  }
}
