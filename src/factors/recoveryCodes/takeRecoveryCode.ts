import type { Tx } from '../../db/transaction.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import { columnOf, type Holder } from '../holder.ts'
import { readCode } from './rules.ts'

/** Whether this is a code of the holder's that has not been used; it is used up by that. */
export async function takeRecoveryCode(tx: Tx, holder: Holder, typed: string, at: Date): Promise<boolean> {
  const code = readCode(typed)
  if (code === null) return false
  const used = await tx
    .updateTable('factor_recovery_codes')
    .set({ used_at: at })
    .where(columnOf(holder), '=', holder.id)
    .where('code_hash', '=', hashToken(code))
    .where('used_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  return used !== undefined
}
