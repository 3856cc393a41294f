import { audit } from '../../audit/audit.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import type { Caller, MemberActor } from '../../http/actor.ts'
import { problem } from '../../problems.ts'

/** Takes an invite of the caller's account back, and frees its seat; harmless for one that was revoked before. */
export async function revokeInvite(
  tx: Tx,
  caller: Caller<MemberActor>,
  inviteId: string,
  at: Date,
): Promise<void> {
  const { accountId, userId } = caller.actor
  const revoked = await pending(tx)
    .set({ revoked_at: at, revoked_by: userId })
    .where('id', '=', inviteId)
    .where('account_id', '=', accountId)
    .returning('id')
    .executeTakeFirst()
  if (!revoked) return refuseUnlessRevoked(tx, accountId, inviteId)
  changed(tx, `account:${accountId}`)
  await audit(tx, caller, { action: 'invite.revoked', accountId, details: { invite: inviteId } }, at)
}

/** Takes all invites back that a user has sent, in whatever account: what they began must not go on without them. */
export async function revokeInvitesOf(tx: Tx, caller: Caller, userId: string, at: Date): Promise<void> {
  const revokedBy = caller.actor.kind === 'user' ? caller.actor.userId : null
  const revoked = await pending(tx)
    .set({ revoked_at: at, revoked_by: revokedBy })
    .where('invited_by', '=', userId)
    .returning(['id', 'account_id'])
    .execute()
  for (const [accountId, invites = []] of Map.groupBy(revoked, (invite) => invite.account_id)) {
    changed(tx, `account:${accountId}`)
    const details = { invites: invites.map(({ id }) => id), because: 'inviter-gone' }
    await audit(tx, caller, { action: 'invite.revoked', accountId, userId, details }, at)
  }
}

const pending = (tx: Tx) =>
  tx.updateTable('account_invites').where('accepted_at', 'is', null).where('revoked_at', 'is', null)

async function refuseUnlessRevoked(tx: Tx, accountId: string, inviteId: string): Promise<void> {
  const invite = await tx
    .selectFrom('account_invites')
    .select('revoked_at')
    .where('id', '=', inviteId)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  if (!invite) throw problem('not-found')
  if (!invite.revoked_at) throw problem('invite-already-accepted')
}
