import type { Tx } from '../../db/transaction.ts'

/** Voids the links of an operator that are out: nobody has used them, and now nobody can. */
export async function voidLinks(tx: Tx, operatorId: string, at: Date): Promise<void> {
  await tx
    .updateTable('operator_sign_in_tokens')
    .set({ superseded_at: at })
    .where('operator_id', '=', operatorId)
    .where('used_at', 'is', null)
    .where('superseded_at', 'is', null)
    .execute()
}
