import { v7 as uuidv7 } from 'uuid'
import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'

/** Makes an address an operator who may everything; harmless when it is one. */
export async function addOperator(tx: Tx, caller: Caller, email: string, at: Date): Promise<{ id: string }> {
  const inserted = await tx
    .insertInto('operators')
    .values({ id: uuidv7(), email, created_at: at })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!inserted)
    return tx.selectFrom('operators').select('id').where('email', '=', email).executeTakeFirstOrThrow()
  await audit(tx, caller, { action: 'operator.added', details: { operator: inserted.id } }, at)
  return inserted
}
