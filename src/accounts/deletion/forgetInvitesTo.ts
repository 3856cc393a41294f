import { sql } from 'kysely'
import type { Tx } from '../../db/transaction.ts'
import type { Caller } from '../../http/actor.ts'
import { revokeInvitesToDeleted } from '../invites/revokeInvite.ts'

/** What stands in invites for the address of somebody who was deleted: of no mailbox (RFC 2606), and of nobody else. */
const addressOfDeleted = (userId: string) => `${userId}@deleted.invalid`

/**
 * Takes the address of somebody who deletes themself out of the invites that others sent there, and back what is still
 * out. Whoever gets the address next was not meant.
 */
export async function forgetInvitesTo(
  tx: Tx,
  caller: Caller,
  { userId, email }: { userId: string; email: string },
  at: Date,
): Promise<void> {
  await revokeInvitesToDeleted(tx, caller, { userId, email }, at)
  await tx
    .updateTable('account_invites')
    .set({ email: addressOfDeleted(userId) })
    .where('email', '=', email)
    .execute()
  await forgetAcceptedBy(tx, userId)
}

/** Takes the addresses out of invites by which a deleted user has joined accounts. */
export async function forgetAcceptedBy(tx: Tx, userId: string): Promise<void> {
  await sql`
    update account_invites set email = ${addressOfDeleted(userId)}
    where accepted_by = ${userId} and email <> ${addressOfDeleted(userId)}`.execute(tx)
}
