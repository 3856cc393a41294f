import { audit } from '../../audit/audit.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import type { Caller } from '../../http/actor.ts'
import { promiseSeats } from './promiseSeats.ts'

/** Makes a user an owner of an account, member or not so far. Both are locked. */
export async function appointOwner(
  tx: Tx,
  caller: Caller,
  { accountId, userId, reason }: { accountId: string; userId: string; reason: string },
  at: Date,
): Promise<void> {
  changed(tx, `account:${accountId}`)
  changed(tx, `user:${userId}`)
  await Promise.all([
    tx
      .insertInto('members')
      .values({ account_id: accountId, user_id: userId, role: 'owner', created_at: at })
      .onConflict((conflict) => conflict.columns(['account_id', 'user_id']).doUpdateSet({ role: 'owner' }))
      .execute(),
    promiseSeats(tx, accountId),
    audit(tx, caller, { action: 'account.owner-appointed', accountId, userId, details: { reason } }, at),
  ])
}
