import type { Tx } from '../db/transaction.ts'
import type { OperatorRole } from '../http/actor.ts'
import type { Standing } from './rules.ts'

/** An operator who is held, and who is an admin beside them. */
interface Held {
  operator: (Standing & { email: string }) | null
  admins: Standing[]
}

/**
 * Holds an operator and all admins until the transaction is over: of two changes that would each leave the other one as the last
 * admin, the second sees the first. Null where there is none with this id, or they were removed.
 */
export async function holdOperator(tx: Tx, id: string): Promise<Held> {
  const held = await tx
    .selectFrom('operators')
    .select(['id', 'email', 'role'])
    .where('disabled_at', 'is', null)
    .where((e) => e.or([e('role', '=', 'admin'), e('id', '=', id)]))
    // In one order, so that two do not wait for each other in a circle.
    .orderBy('id')
    .forNoKeyUpdate()
    .execute()
  const all = held.map((one) => ({ ...one, role: one.role as OperatorRole }))
  return {
    operator: all.find((one) => one.id === id) ?? null,
    admins: all.filter(({ role }) => role === 'admin'),
  }
}
