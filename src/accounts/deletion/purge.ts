import { sql } from 'kysely'
import { deletes, type Purge } from '../../db/purge.ts'
import type { Tx } from '../../db/transaction.ts'
import { forgetAcceptedBy } from './forgetInvitesTo.ts'

/** What goes of a closed account, in this order: what points at another row goes before it. */
export const accountPurges: Purge[] = [
  {
    table: 'superseded_invite_tokens',
    run: (tx, accountId) =>
      sql`
      delete from superseded_invite_tokens
      where invite_id in (select id from account_invites where account_id = ${accountId})`.execute(tx),
  },
  deletes('account_invites', 'account_id'),
  deletes('members', 'account_id'),
  deletes('account_onboarding', 'account_id'),
]

/** What goes of a deleted user. An invite that they accepted stays with its account, without their address. */
export const userPurges: Purge[] = [
  deletes('members', 'user_id'),
  { table: 'account_invites', run: forgetAcceptedBy },
]

/** An account that was closed long enough ago, locked until the transaction ends; false when there is nothing left to purge. */
export async function lockClosedAccount(tx: Tx, accountId: string, closedBy: Date): Promise<boolean> {
  const account = await tx
    .selectFrom('accounts')
    .select('id')
    .where('id', '=', accountId)
    .where('closed_at', '<=', closedBy)
    .where('purged_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  return account !== undefined
}

/** Leaves of an account but the id that books refer to, and when it was there. */
export async function leaveNameless(tx: Tx, accountId: string, at: Date): Promise<void> {
  await tx
    .updateTable('accounts')
    .set({ name: 'Deleted account', purged_at: at })
    .where('id', '=', accountId)
    .execute()
}
