import { sql } from 'kysely'
import { changed, type Tx } from '../db/transaction.ts'
import { removeFactors } from '../factors/removeFactors.ts'
import type { Caller } from '../http/actor.ts'
import { endEmailChanges } from '../identity/emailChange/emailChanges.ts'
import { forgetIdentities } from '../identity/oauth/identities.ts'
import { supersedeVerification } from '../identity/requestVerification.ts'
import { endSessions, type RevokedBecause } from '../identity/sessions.ts'
import { goesOn } from './closeAccount.ts'
import { revokeInvitesOf } from './invites/revokeInvite.ts'
import { takeOut } from './members/takeOut.ts'

/**
 * Takes their address and every way in from a user whose row is locked, and what they began with others. Their accounts,
 * and reset links that are out, are for the caller to settle.
 */
export async function forgetUser(
  tx: Tx,
  caller: Caller,
  { userId, because }: { userId: string; because: RevokedBecause },
  at: Date,
): Promise<void> {
  changed(tx, `user:${userId}`)
  await Promise.all([
    tx
      .updateTable('users')
      .set({ email: null, name: null, password_hash: null, deleted_at: at })
      .where('id', '=', userId)
      .execute(),
    endSessions(tx, caller, { userId, because }, at),
    supersedeVerification(tx, userId, at),
    endEmailChanges(tx, userId, 'user-deleted', at),
    forgetIdentities(tx, userId),
    removeFactors(tx, { kind: 'user', id: userId }),
    revokeInvitesOf(tx, caller, userId, at),
  ])
}

/** An open account of somebody who is about to leave it. */
export interface Membership {
  id: string
  name: string
  /** Members and owners beside them. */
  others: number
  otherOwners: number
  /** Whether a subscription goes on. */
  pays: boolean
}

/**
 * The open accounts of a user. All of theirs are locked, so that two owners who leave at once see each other leave, and none
 * that is closed is reopened meanwhile by an owner who counts on the other.
 */
export async function lockMemberships(tx: Tx, userId: string): Promise<Membership[]> {
  await sql`
    select a.id from accounts a join members m on m.account_id = a.id
    where m.user_id = ${userId}
    order by a.id for update of a`.execute(tx)
  const { rows } = await sql<Membership>`
    select a.id, a.name,
      count(*) filter (where m.user_id <> ${userId}) as others,
      count(*) filter (where m.user_id <> ${userId} and m.role = 'owner') as "otherOwners",
      exists (select from subscriptions s where s.account_id = a.id and ${sql.raw(goesOn)}) as pays
    from accounts a join members m on m.account_id = a.id
    where a.closed_at is null and exists (select from members where account_id = a.id and user_id = ${userId})
    group by a.id`.execute(tx)
  return rows
}

/** Takes a user out of all accounts, which have been locked. */
export async function leaveAccounts(tx: Tx, userId: string, memberships: Membership[]): Promise<void> {
  for (const { id: accountId } of memberships) await takeOut(tx, { accountId, userId })
  // What is left are accounts that were closed before.
  await tx.deleteFrom('members').where('user_id', '=', userId).execute()
}
