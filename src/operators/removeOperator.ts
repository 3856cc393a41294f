import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { endSessions } from './sessions/endSessions.ts'

/** Makes an operator a stranger: their tokens are refused from now on, and their sessions end. False when the address is no operator. */
export async function removeOperator(tx: Tx, caller: Caller, email: string, at: Date): Promise<boolean> {
  const removed = await tx
    .updateTable('operators')
    .set({ disabled_at: at })
    .where('email', '=', email)
    .where('disabled_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (!removed) return false
  await endSessions(tx, removed.id, at)
  await audit(tx, caller, { action: 'operator.removed', details: { operator: removed.id } }, at)
  return true
}
