import { sql } from 'kysely'
import { audit } from '../audit/audit.ts'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { endEmailChanges } from '../identity/emailChanges.ts'
import { forgetIdentities } from '../identity/identities.ts'
import { supersedeVerification } from '../identity/requestVerification.ts'
import { endSessions } from '../identity/sessions.ts'
import { markClosed } from './closeAccount.ts'

/**
 * Takes an address from a user who never proved it, whose row is locked, and leaves no way in as them. Their accounts
 * are closed, but for those that others are in or that pay: what is in those is not the newcomer's, and operators see
 * that their owner is gone.
 */
export async function releaseAddress(tx: Tx, caller: Caller, userId: string, at: Date): Promise<void> {
  changed(tx, `user:${userId}`)
  await Promise.all([
    tx
      .updateTable('users')
      .set({ email: null, name: null, password_hash: null, deleted_at: at })
      .where('id', '=', userId)
      .execute(),
    endSessions(tx, caller, { userId, because: 'address-proved-by-another' }, at),
    supersedeVerification(tx, userId, at),
    forgetIdentities(tx, userId),
    endEmailChanges(tx, userId, 'user-deleted', at),
    audit(tx, caller, { action: 'user.address-released', userId }, at),
  ])
  for (const account of await lockAccountsOf(tx, userId)) {
    const accountId = account.id
    if (account.others === 0 && !account.pays) await markClosed(tx, caller, accountId, at)
    else await audit(tx, caller, { action: 'account.owner-lost', accountId, userId }, at)
  }
}

/** Links that were mailed to an address say from now on what they can do for the user who has it. */
export async function handOverResets(tx: Tx, { from, to }: { from: string; to: string }): Promise<void> {
  await tx
    .updateTable('password_reset_tokens')
    .set({ user_id: to })
    .where('user_id', '=', from)
    .where('purpose', '=', 'reset')
    .execute()
}

async function lockAccountsOf(tx: Tx, userId: string) {
  const { rows } = await sql<{ id: string; others: number; pays: boolean }>`
    select a.id,
      (select count(*) from members m where m.account_id = a.id and m.user_id <> ${userId}) as others,
      exists (select from subscriptions s where s.account_id = a.id and s.is_live and not s.is_last_period) as pays
    from accounts a join members mine on mine.account_id = a.id
    where mine.user_id = ${userId} and a.closed_at is null
    order by a.id for update of a`.execute(tx)
  return rows
}
