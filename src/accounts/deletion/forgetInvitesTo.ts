import { sql } from 'kysely'
import { audit } from '../../audit/audit.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import type { Caller } from '../../http/actor.ts'

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
  const revoked = await tx
    .updateTable('account_invites')
    .set({ revoked_at: at, email: addressOfDeleted(userId) })
    .where('email', '=', email)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .returning(['id', 'account_id'])
    .execute()
  await tx
    .updateTable('account_invites')
    .set({ email: addressOfDeleted(userId) })
    .where('email', '=', email)
    .execute()
  await forgetAcceptedBy(tx, userId)
  for (const { id, account_id: accountId } of revoked) {
    changed(tx, `account:${accountId}`)
    const details = { invite: id, because: 'invitee-gone' }
    await audit(tx, caller, { action: 'invite.revoked', accountId, userId, details }, at)
  }
}

/** Takes the addresses out of invites by which a deleted user has joined accounts. */
export async function forgetAcceptedBy(tx: Tx, userId: string): Promise<void> {
  await sql`
    update account_invites set email = ${addressOfDeleted(userId)}
    where accepted_by = ${userId} and email <> ${addressOfDeleted(userId)}`.execute(tx)
}
