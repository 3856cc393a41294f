import { audit } from '../audit/audit.ts'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller, UserActor } from '../http/actor.ts'

/** Changes what the caller is called; null takes the name away. */
export async function changeName(
  tx: Tx,
  caller: Caller<UserActor>,
  name: string | null,
  at: Date,
): Promise<void> {
  const { userId } = caller.actor
  changed(tx, `user:${userId}`)
  await Promise.all([
    tx.updateTable('users').set({ name }).where('id', '=', userId).execute(),
    audit(tx, caller, { action: 'user.renamed', userId }, at),
  ])
}
