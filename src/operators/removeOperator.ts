import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import { removeFactors } from '../factors/removeFactors.ts'
import type { Caller } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { holdOperator } from './holdOperator.ts'
import { leavesAnAdmin } from './rules.ts'
import { endSessions } from './sessions/endSessions.ts'

/**
 * Makes an operator a stranger: their tokens are refused from now on, their sessions end, and their second factor is forgotten.
 * Refused for the last admin, however many are removed at once.
 */
export async function removeOperator(
  tx: Tx,
  caller: Caller,
  { id, reason }: { id: string; reason?: string | undefined },
  at: Date,
): Promise<void> {
  const { operator, admins } = await holdOperator(tx, id)
  if (!operator) throw problem('not-found')
  if (!leavesAnAdmin(admins, id, null)) throw problem('last-admin')
  await Promise.all([
    tx.updateTable('operators').set({ disabled_at: at }).where('id', '=', id).execute(),
    endSessions(tx, id, at),
    removeFactors(tx, { kind: 'operator', id }),
  ])
  const details = { operator: id, role: operator.role, reason }
  await audit(tx, caller, { action: 'operator.removed', details }, at)
}
