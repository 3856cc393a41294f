import { audit } from '../audit/audit.ts'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller, MemberActor } from '../http/actor.ts'

/** Gives the caller's current account another name. */
export async function renameAccount(
  tx: Tx,
  caller: Caller<MemberActor>,
  name: string,
  at: Date,
): Promise<void> {
  const { accountId } = caller.actor
  changed(tx, `account:${accountId}`)
  await Promise.all([
    tx.updateTable('accounts').set({ name, named_at: at }).where('id', '=', accountId).execute(),
    audit(tx, caller, { action: 'account.renamed', accountId }, at),
  ])
}
