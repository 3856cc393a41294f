import type { Tx } from '../../db/transaction.ts'
import { problem } from '../../problems.ts'
import { columnOf, type Holder } from '../holder.ts'

const MOST = 20

/** Throws where a holder has as many passkeys as anybody may: every question to them names all of them. */
export async function refuseTooMany(tx: Tx, holder: Holder): Promise<void> {
  const held = await tx
    .selectFrom('factor_passkeys')
    .select('id')
    .where(columnOf(holder), '=', holder.id)
    .limit(MOST)
    .execute()
  if (held.length >= MOST) throw problem('too-many-passkeys')
}
