import { sql } from 'kysely'
import { audit } from '../audit/audit.ts'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { endEmailChanges } from '../identity/emailChanges.ts'
import { forgetIdentities } from '../identity/identities.ts'
import { supersedeVerification } from '../identity/requestVerification.ts'
import { endSessions } from '../identity/sessions.ts'
import { markClosed } from './closeAccount.ts'
import { revokeInvitesOf } from './invites/revokeInvite.ts'

/**
 * Takes an address from a user who never proved it, whose row is locked, and leaves no way in as them. Their accounts
 * are closed, but for those that others are in or that pay: what is in those is not the newcomer's, and operators see
 * in the trail which of them has no owner any more.
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
    endEmailChanges(tx, userId, 'user-deleted', at),
    forgetIdentities(tx, userId),
    revokeInvitesOf(tx, caller, userId, at),
    audit(tx, caller, { action: 'user.address-released', userId }, at),
  ])
  for (const { id: accountId, others, owners, pays } of await lockAccountsOf(tx, userId)) {
    changed(tx, `account:${accountId}`)
    if (others === 0 && !pays) await markClosed(tx, caller, accountId, at)
    else if (owners === 0) await audit(tx, caller, { action: 'account.owner-lost', accountId, userId }, at)
  }
  await tx.deleteFrom('members').where('user_id', '=', userId).execute()
}

/** Has reset links that were mailed to an address speak for the user who has it now. */
export async function handOverResets(tx: Tx, { from, to }: { from: string; to: string }): Promise<void> {
  await tx
    .updateTable('password_reset_tokens')
    .set({ user_id: to })
    .where('user_id', '=', from)
    .where('purpose', '=', 'reset')
    .where('used_at', 'is', null)
    .where('superseded_at', 'is', null)
    .execute()
}

interface LeftAccount {
  id: string
  /** Members and owners beside the one who goes. */
  others: number
  owners: number
  pays: boolean
}

async function lockAccountsOf(tx: Tx, userId: string): Promise<LeftAccount[]> {
  await sql`
    select a.id from accounts a join members m on m.account_id = a.id
    where m.user_id = ${userId} and a.closed_at is null
    order by a.id for update of a`.execute(tx)
  const { rows } = await sql<LeftAccount>`
    select a.id,
      count(m.user_id) filter (where m.user_id <> ${userId}) as others,
      count(m.user_id) filter (where m.user_id <> ${userId} and m.role = 'owner') as owners,
      exists (select from subscriptions s where s.account_id = a.id and s.is_live and not s.is_last_period) as pays
    from accounts a join members m on m.account_id = a.id
    where a.closed_at is null and exists (select from members where account_id = a.id and user_id = ${userId})
    group by a.id`.execute(tx)
  return rows
}
