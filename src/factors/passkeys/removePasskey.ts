import type { Tx } from '../../db/transaction.ts'
import { columnOf, type Holder } from '../holder.ts'

/** Takes a passkey of the holder's away; false where they have none with this id. */
export async function removePasskey(tx: Tx, holder: Holder, id: string): Promise<boolean> {
  const removed = await tx
    .deleteFrom('factor_passkeys')
    .where('id', '=', id)
    .where(columnOf(holder), '=', holder.id)
    .returning('id')
    .executeTakeFirst()
  return removed !== undefined
}
