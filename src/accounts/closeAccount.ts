import { sql } from 'kysely'
import { audit } from '../audit/audit.ts'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller, MemberActor } from '../http/actor.ts'
import { problem } from '../problems.ts'

/**
 * Closes the caller's current account once its name is repeated; its tokens are refused from now on. One whose
 * subscription goes on stays open.
 */
export async function closeAccount(
  tx: Tx,
  caller: Caller<MemberActor>,
  { confirm }: { confirm: string },
  at: Date,
): Promise<void> {
  const { accountId } = caller.actor
  const account = await tx
    .selectFrom('accounts')
    .select(['id', 'name'])
    .where('id', '=', accountId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  if (confirm !== account.name) throw problem('confirmation-mismatch')
  await refuseWhileSubscribed(tx, [account])
  await markClosed(tx, caller, accountId, at)
}

/** Refuses to close accounts with a subscription that would go on being charged for. */
async function refuseWhileSubscribed(tx: Tx, accounts: { id: string; name: string }[]): Promise<void> {
  const { rows } = await sql<{ account_id: string }>`
    select distinct account_id from subscriptions
    where account_id = any(${accounts.map(({ id }) => id)}::uuid[])
      and is_live and not is_last_period`.execute(tx)
  const live = new Set(rows.map(({ account_id }) => account_id))
  if (live.size === 0) return
  const named = accounts.filter(({ id }) => live.has(id)).map(({ id, name }) => ({ id, name }))
  throw problem('subscription-live', { accounts: named })
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
