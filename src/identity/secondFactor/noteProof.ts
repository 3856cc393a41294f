import { changed, type Tx } from '../../db/transaction.ts'
import type { FactorMethod } from '../../factors/factorsOf.ts'
import { problem } from '../../problems.ts'

/** Notes with a live session that a factor has proved it now. */
export async function noteProof(
  tx: Tx,
  { sessionId, method }: { sessionId: string; method: FactorMethod },
  at: Date,
): Promise<void> {
  changed(tx, `session:${sessionId}`)
  const noted = await tx
    .updateTable('sessions')
    .set({ factor: method, factor_proved_at: at })
    .where('id', '=', sessionId)
    .where('revoked_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (!noted) throw problem('session-expired')
}
