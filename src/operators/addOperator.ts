import { v7 as uuidv7 } from 'uuid'
import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorRole } from '../http/actor.ts'
import { changeRole } from './changeRole.ts'

/** Who becomes an operator, and why. Without a role it is that of an admin, or the one that they have. */
export interface NewOperator {
  email: string
  role?: OperatorRole
  reason?: string
}

/** Makes an address an operator, again if it was removed. Who is one already has the role that is named from then on. */
export async function addOperator(
  tx: Tx,
  caller: Caller,
  { email, role, reason }: NewOperator,
  at: Date,
): Promise<{ id: string }> {
  const as = role ?? 'admin'
  const added = await tx
    .insertInto('operators')
    .values({ id: uuidv7(), email, role: as, created_at: at })
    .onConflict((conflict) =>
      conflict
        .column('email')
        .doUpdateSet({ disabled_at: null, role: as })
        .where('operators.disabled_at', 'is not', null),
    )
    .returning('id')
    .executeTakeFirst()
  if (added) {
    const details = { operator: added.id, role: as, reason }
    await audit(tx, caller, { action: 'operator.added', details }, at)
    return added
  }
  const known = await tx
    .selectFrom('operators')
    .select('id')
    .where('email', '=', email)
    .executeTakeFirstOrThrow()
  if (role !== undefined) await changeRole(tx, caller, { id: known.id, role, reason }, at)
  return known
}
