import { sql } from 'kysely'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { changed, inTx, type Tx } from '../db/transaction.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { confirmPassword } from '../identity/confirmPassword.ts'
import { endEmailChanges } from '../identity/emailChanges.ts'
import { forgetIdentities } from '../identity/identities.ts'
import { supersedeResets } from '../identity/passwordTokens.ts'
import { refuseUnlessRecent } from '../identity/recentSignIn.ts'
import { supersedeVerification } from '../identity/requestVerification.ts'
import { endSessions } from '../identity/sessions.ts'
import { findUser } from '../identity/users.ts'
import { problem } from '../problems.ts'
import { markClosed, refuseWhileSubscribed } from './closeAccount.ts'
import { revokeInvitesOf } from './invites/revokeInvite.ts'

/**
 * Deletes the caller: their address is free again, and accounts that only they are a member of are closed. Nobody
 * else is left without an owner, and no subscription goes on. It takes the password, or a sign-in of the last ten minutes.
 */
export async function deleteUser(
  app: App,
  caller: Caller<UserActor>,
  { password, signedInAt }: { password: string | undefined; signedInAt: Date },
  at: Date,
): Promise<void> {
  const { userId } = caller.actor
  const user = await findUser(app.db, userId)
  if (!user) throw problem('unauthenticated')
  if (password !== undefined) await confirmPassword(app, caller, user, password, at)
  else refuseUnlessRecent(signedInAt, at)
  await inTx(app, async (tx) => {
    // First of all, since it locks the user: an account that is being created meanwhile is seen below.
    const deleted = await tx
      .updateTable('users')
      .set({ email: null, name: null, password_hash: null, deleted_at: at })
      .where('id', '=', userId)
      .where('credentials_version', '=', user.credentialsVersion)
      .where('deleted_at', 'is', null)
      .returning('id')
      .executeTakeFirst()
    // Deleted, or given another password, since they proved who they are.
    if (!deleted) throw problem('session-expired')
    changed(tx, `user:${userId}`)
    await leaveAccounts(tx, caller, at)
    await Promise.all([
      endSessions(tx, caller, { userId, because: 'user-deleted' }, at),
      supersedeVerification(tx, userId, at),
      supersedeResets(tx, userId, at),
      endEmailChanges(tx, userId, 'user-deleted', at),
      forgetIdentities(tx, userId),
      revokeInvitesOf(tx, caller, userId, at),
      audit(tx, caller, { action: 'user.deleted', userId }, at),
    ])
  })
}

interface Membership {
  id: string
  name: string
  others: number
  other_owners: number
}

async function leaveAccounts(tx: Tx, caller: Caller<UserActor>, at: Date): Promise<void> {
  const { userId } = caller.actor
  // The accounts are locked, so that two owners who leave at once see each other leave.
  const { rows } = await sql<Membership>`
    with mine as (
      select a.id, a.name from accounts a
      where a.closed_at is null and exists (select from members where account_id = a.id and user_id = ${userId})
      order by a.id for update
    )
    select id, name from mine`.execute(tx)
  const counted = await sql<Membership>`
    select a.id, a.name,
      count(*) filter (where m.user_id <> ${userId}) as others,
      count(*) filter (where m.user_id <> ${userId} and m.role = 'owner') as other_owners
    from accounts a join members m on m.account_id = a.id
    where a.id = any(${rows.map(({ id }) => id)}::uuid[])
    group by a.id`.execute(tx)
  const orphaned = counted.rows.filter(({ others, other_owners }) => others > 0 && other_owners === 0)
  if (orphaned.length > 0)
    throw problem('last-owner', { accounts: orphaned.map(({ id, name }) => ({ id, name })) })
  const alone = counted.rows.filter(({ others }) => others === 0)
  await refuseWhileSubscribed(tx, alone)
  for (const { id } of counted.rows) changed(tx, `account:${id}`)
  for (const { id } of alone) await markClosed(tx, caller, id, at)
  await tx.deleteFrom('members').where('user_id', '=', userId).execute()
}
