import { sql } from 'kysely'
import { audit } from '../../audit/audit.ts'
import { changed, type Tx } from '../../db/transaction.ts'
import { removeFactors } from '../../factors/removeFactors.ts'
import type { Caller } from '../../http/actor.ts'
import { endEmailChanges } from '../../identity/emailChange/emailChanges.ts'
import { notifyUser } from '../../identity/notifyUser.ts'
import { addIdentity, forgetIdentities } from '../../identity/oauth/identities.ts'
import { endSessions } from '../../identity/sessions.ts'
import type { UserRecord } from '../../identity/users.ts'
import { markVerified } from '../../identity/verifyEmail.ts'
import { type Identity, providerTitles } from '../../oidc/rules.ts'

/** Leaves a user whose row is locked their accounts, and nothing of what opened them before but this identity. */
export async function takeOver(
  tx: Tx,
  caller: Caller,
  { user, identity }: { user: UserRecord; identity: Identity },
  at: Date,
): Promise<UserRecord> {
  const { id: userId, email } = user
  const { provider, name } = identity
  changed(tx, `user:${userId}`)
  const [updated] = await Promise.all([
    tx
      .updateTable('users')
      .set({ name, password_hash: null, credentials_version: sql`credentials_version + 1` })
      .where('id', '=', userId)
      .returning('credentials_version')
      .executeTakeFirstOrThrow(),
    endSessions(tx, caller, { userId, because: 'address-proved-by-another' }, at),
    endEmailChanges(tx, userId, 'address-proved', at),
    forgetIdentities(tx, userId),
    removeFactors(tx, { kind: 'user', id: userId }),
    addIdentity(tx, { userId, identity, email, isVouched: true }, at),
    audit(tx, caller, { action: 'user.taken-over', userId, details: { provider } }, at),
  ])
  await markVerified(tx, caller, { userId, email, by: provider }, at)
  const credentialsVersion = updated.credentials_version
  const proved = {
    ...user,
    name,
    passwordHash: null,
    emailVerifiedAt: at,
    credentialsVersion,
    hasSecondFactor: false,
  }
  await tellOfTakeOver(tx, proved, identity, at)
  return proved
}

/** Tells the owner of a mailbox that what somebody had made with its address is over. */
export async function tellOfTakeOver(
  tx: Tx,
  user: UserRecord,
  { provider }: Identity,
  at: Date,
): Promise<void> {
  const fill = { provider: providerTitles[provider] }
  await notifyUser(tx, user, { template: 'address-taken-over', fill, path: '/account' }, at)
}
