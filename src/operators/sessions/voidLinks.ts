import type { Tx } from '../../db/transaction.ts'

/** Voids the links of an operator that are out, and challenges that took the place of one: nobody has used them, and now nobody can. */
export async function voidLinks(tx: Tx, operatorId: string, at: Date): Promise<void> {
  const tables = ['operator_sign_in_tokens', 'operator_challenges'] as const
  await Promise.all(
    tables.map((table) =>
      tx
        .updateTable(table)
        .set({ superseded_at: at })
        .where('operator_id', '=', operatorId)
        .where('used_at', 'is', null)
        .where('superseded_at', 'is', null)
        .execute(),
    ),
  )
}
