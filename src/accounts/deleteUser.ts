import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import type { Config } from '../config.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { confirmPassword } from '../identity/confirmPassword.ts'
import { supersedeResets } from '../identity/passwordTokens.ts'
import { refuseUnlessRecent } from '../identity/recentSignIn.ts'
import { findUser, lockUser, recipientOf, type UserRecord } from '../identity/users.ts'
import { queueMail } from '../mail/queueMail.ts'
import { problem } from '../problems.ts'
import { markClosed } from './closeAccount.ts'
import { forgetInvitesTo } from './deletion/forgetInvitesTo.ts'
import { forgetUser, leaveAccounts, lockMemberships, type Membership } from './forgetUser.ts'

/**
 * Deletes the caller: their address is free again, and accounts that only they are a member of are closed. Nobody
 * else is left without an owner, and no subscription goes on. It takes the password, or a sign-in of the last ten minutes.
 * The last mail to an address that was proved says so.
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
    // An account that is being created meanwhile waits for this, or is seen below.
    const locked = await lockUser(tx, userId)
    // Deleted, or given another password, since they proved who they are.
    if (locked?.credentialsVersion !== user.credentialsVersion) throw problem('session-expired')
    const memberships = await lockMemberships(tx, userId)
    await closeOwn(tx, caller, memberships, at)
    await leaveAccounts(tx, userId, memberships)
    await Promise.all([
      forgetUser(tx, caller, { userId, because: 'user-deleted' }, at),
      supersedeResets(tx, userId, at),
      audit(tx, caller, { action: 'user.deleted', userId }, at),
    ])
    // An address that was never proved may be somebody else's, and so may the invites to it.
    if (locked.emailVerifiedAt) await sayGoodbye(tx, app.config, caller, locked, at)
  })
}

async function sayGoodbye(
  tx: Tx,
  { deletionGraceDays: days }: Pick<Config, 'deletionGraceDays'>,
  caller: Caller,
  user: UserRecord,
  at: Date,
): Promise<void> {
  const { id: userId, email } = user
  const order = { template: 'user-deleted', to: recipientOf(user), fill: { days }, userId } as const
  await Promise.all([forgetInvitesTo(tx, caller, { userId, email }, at), queueMail(tx, order, at)])
}

/** Closes the accounts that nobody else is in, and refuses to where that, or leaving, does harm. */
async function closeOwn(tx: Tx, caller: Caller, memberships: Membership[], at: Date): Promise<void> {
  const orphaned = memberships.filter(({ others, otherOwners }) => others > 0 && otherOwners === 0)
  if (orphaned.length > 0) throw problem('last-owner', { accounts: orphaned.map(named) })
  const own = memberships.filter(({ others }) => others === 0)
  const paying = own.filter(({ pays }) => pays)
  if (paying.length > 0) throw problem('subscription-live', { accounts: paying.map(named) })
  for (const { id } of own) await markClosed(tx, caller, id, at)
}

const named = ({ id, name }: Membership) => ({ id, name })
