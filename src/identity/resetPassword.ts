import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import type { ProviderName } from '../oidc/rules.ts'
import { problem } from '../problems.ts'
import { hashToken } from '../secrets/mailedTokens.ts'
import { forgetIdentities, providersOf } from './identities.ts'
import { refuseWeakPassword } from './knownPasswords.ts'
import { type NewCredentials, setNewPassword } from './newPassword.ts'
import { ownerOfToken, usePasswordToken } from './passwordTokens.ts'
import { providerInstead } from './providerInstead.ts'
import { findUser, lockUser, type UserRecord } from './users.ts'
import { markVerified } from './verifyEmail.ts'

/**
 * Uses a reset link, once: the new password holds, every session ends, and the mailbox counts as verified. Where it
 * was not before, what somebody linked to the user until then is taken off. A refusal leaves the link as it was.
 */
export async function resetPassword(
  app: App,
  caller: Caller,
  { token, password }: { token: string; password: string },
  at: Date,
): Promise<NewCredentials> {
  const presented = { purpose: 'reset', tokenHash: hashToken(token) } as const
  const userId = await ownerOfToken(app.db, presented, at)
  const { email } = await refuseForProvider(app.db, await findUser(app.db, userId))
  await refuseWeakPassword(app, password, email)
  const passwordHash = await app.passwords.hash(password)
  return inTx(app, async (tx) => {
    // Locked before anything is read of them: what is being linked is either seen here or comes too late.
    const [locked] = await Promise.all([lockUser(tx, userId), usePasswordToken(tx, presented, at)])
    const user = await refuseForProvider(tx, locked)
    const unlinked = user.emailVerifiedAt ? [] : await unlinkAll(tx, caller, userId, at)
    const [credentials] = await Promise.all([
      setNewPassword(tx, caller, { user, passwordHash, unlinked }, at),
      markVerified(tx, caller, { userId, email: user.email, by: 'reset' }, at),
      audit(tx, caller, { action: 'password.reset', userId }, at),
    ])
    return credentials
  })
}

/** The user, unless the mailbox is known to be theirs and they signed in without a password on purpose. */
async function refuseForProvider(db: Db, user: UserRecord | null): Promise<UserRecord> {
  if (!user) throw problem('token-unknown')
  const refusal = user.emailVerifiedAt ? await providerInstead(db, user) : null
  if (refusal) throw refusal
  return user
}

/** Takes off what was linked before the mailbox was proved: it may be somebody else's. */
async function unlinkAll(tx: Tx, caller: Caller, userId: string, at: Date): Promise<ProviderName[]> {
  const providers = await providersOf(tx, userId)
  if (providers.length === 0) return []
  const details = { providers, because: 'reset' }
  await Promise.all([
    forgetIdentities(tx, userId),
    audit(tx, caller, { action: 'identity.unlinked', userId, details }, at),
  ])
  return providers
}
