import type { Tx } from '../../db/transaction.ts'
import type { OperatorRole } from '../../http/actor.ts'
import type { KnownOperator } from './beginSession.ts'

/**
 * Whose link or challenge it is, held so that they are not removed meanwhile and that of several calls for one operator one
 * goes on after the other; null where nobody has it, and where they were removed.
 */
export async function holdOwner(
  tx: Tx,
  table: 'operator_sign_in_tokens' | 'operator_challenges',
  tokenHash: Buffer,
): Promise<KnownOperator | null> {
  const owner = await tx
    .selectFrom('operators as o')
    .select(['o.id', 'o.email', 'o.role'])
    .where('o.disabled_at', 'is', null)
    .where('o.id', '=', (e) => e.selectFrom(table).select('operator_id').where('token_hash', '=', tokenHash))
    .forNoKeyUpdate()
    .executeTakeFirst()
  return owner ? { ...owner, role: owner.role as OperatorRole } : null
}
