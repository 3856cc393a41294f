import { lockAccount } from '../accounts/accounts.ts'
import { markOpen } from '../accounts/deletion/reopenAccount.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { problem } from '../problems.ts'

/**
 * Opens a closed account again at somebody's request, as long as it has not been purged; harmless for one that is open.
 * Nobody becomes a member of it by that.
 */
export async function reopenAccount(
  tx: Tx,
  caller: Caller<OperatorActor>,
  { accountId, reason }: { accountId: string; reason: string },
  at: Date,
) {
  const account = await lockAccount(tx, accountId)
  if (!account) throw problem('not-found')
  if (account.purgedAt) throw problem('account-deleted')
  await markOpen(tx, caller, { accountId, details: { reason } }, at)
  return {
    id: account.id,
    name: account.name,
    created_at: account.createdAt.toISOString(),
    closed_at: null,
  }
}
