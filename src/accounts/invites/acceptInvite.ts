import { sql } from 'kysely'
import type { AccountRef } from '../../access/snapshot.ts'
import type { App } from '../../app.ts'
import { audit } from '../../audit/audit.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import type { Caller, Role, UserActor } from '../../http/actor.ts'
import { lockUser, type UserRecord } from '../../identity/users.ts'
import { markVerified } from '../../identity/verifyEmail.ts'
import { problem } from '../../problems.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import { promiseSeats } from '../members/promiseSeats.ts'
import { getInvite, type Invite, roleIn } from './invites.ts'
import { higherRole } from './rules.ts'
import { countSeats, refuseWithoutSeat } from './seats.ts'

/** Somebody who holds the link of an invite. */
export interface Invitee {
  token: string
  /** Their row is locked, or was made in the same transaction. */
  user: Pick<UserRecord, 'id' | 'email' | 'emailVerifiedAt'>
}

/** Accepts an invite as the user who is signed in. */
export async function acceptAsCaller(
  tx: Tx,
  app: App,
  caller: Caller<UserActor>,
  token: string,
  at: Date,
): Promise<AccountRef> {
  const user = await lockUser(tx, caller.actor.userId)
  if (!user) throw problem('session-expired')
  return acceptInvite(tx, app, caller, { token, user }, at)
}

/**
 * Makes the invitee a member, once per link, where the invite was mailed to their own address; that they hold the link
 * proves the mailbox. Whoever is a member already keeps the higher of both roles.
 */
export async function acceptInvite(
  tx: Tx,
  { config }: App,
  caller: Caller,
  { token, user }: Invitee,
  at: Date,
): Promise<AccountRef> {
  const [, invite] = await Promise.all([lockAccountOf(tx, token), getInvite(tx, token, at)])
  if (invite.email !== user.email) throw problem('invite-for-another-address')
  const { accountId, accountName: name } = invite
  const [own, seats] = await Promise.all([roleIn(tx, accountId, user.id), countSeats(tx, accountId, at)])
  // Its seat is held by the invite itself, so that only a plan that has shrunk since stands in the way.
  if (own === null)
    await refuseWithoutSeat(tx, config, { accountId, limit: seats.limit, used: seats.members }, at)
  const role = own === null ? invite.role : higherRole(own, invite.role)
  changed(tx, `user:${user.id}`)
  changed(tx, `account:${accountId}`)
  await markAccepted(tx, invite, { token, userId: user.id }, at)
  await Promise.all([
    addMember(tx, { accountId, userId: user.id, role }, at),
    own === null ? promiseSeats(tx, accountId) : undefined,
    user.emailVerifiedAt
      ? undefined
      : markVerified(tx, caller, { userId: user.id, email: invite.email, by: 'invite' }, at),
    audit(
      tx,
      caller,
      { action: 'invite.accepted', accountId, userId: user.id, details: { invite: invite.id, role } },
      at,
    ),
  ])
  return { id: accountId, name, role }
}

/** Whoever sends, accepts or closes waits for this lock, so what is read after it holds until the end. */
async function lockAccountOf(tx: Tx, token: string): Promise<void> {
  await sql`
    select id from accounts
    where id = (select account_id from account_invites where token_hash = ${hashToken(token)})
    for update`.execute(tx)
}

async function markAccepted(
  tx: Tx,
  { id }: Invite,
  { token, userId }: { token: string; userId: string },
  at: Date,
): Promise<void> {
  const used = await tx
    .updateTable('account_invites')
    .set({ accepted_at: at, accepted_by: userId })
    .where('id', '=', id)
    .where('token_hash', '=', hashToken(token))
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', at)
    .returning('id')
    .executeTakeFirst()
  if (used) return
  // It was good a moment ago; it was revoked since, for which nobody waits.
  await getInvite(tx, token, at)
  throw new Error(`Invite ${id} is good and cannot be accepted`)
}

/** Has somebody be a member with this role, also whoever is one already. */
async function addMember(
  tx: Tx,
  { accountId, userId, role }: { accountId: string; userId: string; role: Role },
  at: Date,
): Promise<void> {
  await tx
    .insertInto('members')
    .values({ account_id: accountId, user_id: userId, role, created_at: at })
    .onConflict((conflict) => conflict.columns(['account_id', 'user_id']).doUpdateSet({ role }))
    .execute()
}
