import { v7 as uuidv7 } from 'uuid'
import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'

/** Makes an address an operator who may everything, again if it was removed; harmless when it is one. */
export async function addOperator(tx: Tx, caller: Caller, email: string, at: Date): Promise<{ id: string }> {
  const added = await tx
    .insertInto('operators')
    .values({ id: uuidv7(), email, created_at: at })
    .onConflict((conflict) =>
      conflict
        .column('email')
        .doUpdateSet({ disabled_at: null })
        .where('operators.disabled_at', 'is not', null),
    )
    .returning('id')
    .executeTakeFirst()
  if (!added)
    return tx.selectFrom('operators').select('id').where('email', '=', email).executeTakeFirstOrThrow()
  await audit(tx, caller, { action: 'operator.added', details: { operator: added.id } }, at)
  return added
}
