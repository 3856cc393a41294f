import { sql } from 'kysely'
import { deletes, type Purge } from '../db/purge.ts'
import type { Tx } from '../db/transaction.ts'

/** What becomes of a user’s rows here, in an order in which nothing refers to what is gone. */
export const userPurges: Purge[] = [
  {
    table: 'oauth_flows',
    run: (tx, userId) =>
      sql`
      delete from oauth_flows where session_id in (select id from sessions where user_id = ${userId})`.execute(
        tx,
      ),
  },
  deletes('email_changes', 'user_id'),
  deletes('second_factor_challenges', 'user_id'),
  deletes('sessions', 'user_id'),
  deletes('email_verification_tokens', 'user_id'),
  deletes('password_reset_tokens', 'user_id'),
  deletes('oauth_identities', 'user_id'),
]

/** A user who was deleted long enough ago, locked until the transaction ends; false when there is nothing left to purge. */
export async function lockDeletedUser(tx: Tx, userId: string, deletedBy: Date): Promise<boolean> {
  const user = await tx
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where('deleted_at', '<=', deletedBy)
    .where('purged_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  return user !== undefined
}

/** Leaves of a deleted user but the id that others refer to, and when they came and went. */
export async function leaveTombstone(tx: Tx, userId: string, at: Date): Promise<void> {
  await tx
    .updateTable('users')
    .set({ email_verified_at: null, name: null, password_hash: null, purged_at: at })
    .where('id', '=', userId)
    .execute()
}
