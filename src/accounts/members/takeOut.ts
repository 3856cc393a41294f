import { changed, type Tx } from '../../db/transaction.ts'
import { promiseSeats } from './promiseSeats.ts'

/** Takes a user out of an account that is locked: their tokens are refused there from now on, and their seat is free. */
export async function takeOut(
  tx: Tx,
  { accountId, userId }: { accountId: string; userId: string },
): Promise<void> {
  changed(tx, `account:${accountId}`)
  changed(tx, `user:${userId}`)
  await Promise.all([
    tx.deleteFrom('members').where('account_id', '=', accountId).where('user_id', '=', userId).execute(),
    promiseSeats(tx, accountId),
  ])
}
