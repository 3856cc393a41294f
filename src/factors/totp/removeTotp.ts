import type { Tx } from '../../db/transaction.ts'
import { columnOf, type Holder } from '../holder.ts'

/** Takes the authenticator app away, and an offer; false where none was in force. */
export async function removeTotp(tx: Tx, holder: Holder): Promise<boolean> {
  const removed = await tx
    .deleteFrom('factor_totp')
    .where(columnOf(holder), '=', holder.id)
    .returning('confirmed_at')
    .execute()
  return removed.some(({ confirmed_at }) => confirmed_at !== null)
}
