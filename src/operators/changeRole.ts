import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorRole } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { holdOperator } from './holdOperator.ts'
import { leavesAnAdmin } from './rules.ts'

/**
 * Gives an operator another role, which counts from their next call on; harmless when they have it. Refused where nobody would
 * be left who is an admin, however many do so at once.
 */
export async function changeRole(
  tx: Tx,
  caller: Caller,
  { id, role, reason }: { id: string; role: OperatorRole; reason?: string | undefined },
  at: Date,
): Promise<void> {
  const { operator, admins } = await holdOperator(tx, id)
  if (!operator) throw problem('not-found')
  if (operator.role === role) return
  if (!leavesAnAdmin(admins, id, role)) throw problem('last-admin')
  await tx.updateTable('operators').set({ role }).where('id', '=', id).execute()
  const details = { operator: id, before: operator.role, role, reason }
  await audit(tx, caller, { action: 'operator.role-changed', details }, at)
}
