import { audit } from '../../audit/audit.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import { type Caller, type MemberActor, type Role, roles } from '../../http/actor.ts'
import { problem } from '../../problems.ts'
import { mayInvite } from './rules.ts'

/** Takes an invite of the caller's account back, and frees its seat; harmless for one that was revoked before. */
export async function revokeInvite(
  tx: Tx,
  caller: Caller<MemberActor>,
  inviteId: string,
  at: Date,
): Promise<void> {
  const { accountId } = caller.actor
  const revoked = await revoking(tx, caller, at)
    .where('id', '=', inviteId)
    .where('account_id', '=', accountId)
    .execute()
  if (revoked.length === 0) return refuseUnlessRevoked(tx, accountId, inviteId)
  await tell(tx, caller, { revoked }, at)
}

/** Takes all invites back that a user has sent, in whatever account: what they began must not go on without them. */
export async function revokeInvitesOf(tx: Tx, caller: Caller, userId: string, at: Date): Promise<void> {
  const revoked = await revoking(tx, caller, at).where('invited_by', '=', userId).execute()
  await tell(tx, caller, { revoked, userId, because: 'inviter-gone' }, at)
}

/**
 * Takes back what a member has sent in one account and may not send with the role that they have from now on, or with
 * none: nobody could use it, so it would only hold a seat.
 */
export async function revokeInvitesBeyond(
  tx: Tx,
  caller: Caller,
  { accountId, userId, role }: { accountId: string; userId: string; role: Role | null },
  at: Date,
): Promise<void> {
  const beyond = roles.filter((offered) => !mayInvite(role, offered))
  if (beyond.length === 0) return
  const revoked = await revoking(tx, caller, at)
    .where('account_id', '=', accountId)
    .where('invited_by', '=', userId)
    .where('role', 'in', beyond)
    .execute()
  await tell(tx, caller, { revoked, userId, because: role ? 'inviter-lowered' : 'inviter-gone' }, at)
}

/** Takes back what is out in one account for the address of somebody who is taken out of it. */
export async function revokeInvitesTo(
  tx: Tx,
  caller: Caller,
  { accountId, member: { userId, email } }: { accountId: string; member: { userId: string; email: string } },
  at: Date,
): Promise<void> {
  const revoked = await revoking(tx, caller, at)
    .where('account_id', '=', accountId)
    .where('email', '=', email)
    .execute()
  await tell(tx, caller, { revoked, userId, because: 'invitee-removed' }, at)
}

/** Takes back what is out for the address of somebody who deletes themself, in whatever account. */
export async function revokeInvitesToDeleted(
  tx: Tx,
  caller: Caller,
  { userId, email }: { userId: string; email: string },
  at: Date,
): Promise<void> {
  const revoked = await revoking(tx, caller, at).where('email', '=', email).execute()
  await tell(tx, caller, { revoked, userId, because: 'invitee-gone' }, at)
}

function revoking(tx: Tx, caller: Caller, at: Date) {
  const revokedBy = caller.actor.kind === 'user' ? caller.actor.userId : null
  return tx
    .updateTable('account_invites')
    .set({ revoked_at: at, revoked_by: revokedBy })
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .returning(['id', 'account_id'])
}

interface Revocation {
  revoked: { id: string; account_id: string }[]
  /** Who was lowered or is gone. */
  userId?: string
  because?: 'inviter-gone' | 'inviter-lowered' | 'invitee-removed' | 'invitee-gone'
}

/** What was taken back: all of an account in one entry of the trail, with why where nobody named the invite. */
async function tell(
  tx: Tx,
  caller: Caller,
  { revoked, userId, because }: Revocation,
  at: Date,
): Promise<void> {
  for (const [accountId, invites = []] of Map.groupBy(revoked, (invite) => invite.account_id)) {
    changed(tx, `account:${accountId}`)
    const details = { invites: invites.map(({ id }) => id), ...(because && { because }) }
    await audit(tx, caller, { action: 'invite.revoked', accountId, ...(userId && { userId }), details }, at)
  }
}

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
