import { audit } from '../audit/audit.ts'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller, MemberActor } from '../http/actor.ts'
import { problem } from '../problems.ts'

/** Closes the caller's current account once its name is repeated; its tokens are refused from now on. */
export async function closeAccount(
  tx: Tx,
  caller: Caller<MemberActor>,
  { confirm }: { confirm: string },
  at: Date,
): Promise<void> {
  const { accountId } = caller.actor
  const account = await tx
    .selectFrom('accounts')
    .select('name')
    .where('id', '=', accountId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  if (confirm !== account.name) throw problem('confirmation-mismatch')
  await markClosed(tx, caller, accountId, at)
}

/** Closes an account, keeping its rows; harmless for one that is closed. */
export async function markClosed(tx: Tx, caller: Caller, accountId: string, at: Date): Promise<void> {
  changed(tx, `account:${accountId}`)
  const closed = await tx
    .updateTable('accounts')
    .set({ closed_at: at })
    .where('id', '=', accountId)
    .where('closed_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (closed) await audit(tx, caller, { action: 'account.closed', accountId }, at)
}
