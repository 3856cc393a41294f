import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import { inTx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { hashToken } from '../secrets/mailedTokens.ts'
import { refuseWeakPassword } from './knownPasswords.ts'
import { type NewCredentials, setNewPassword } from './newPassword.ts'
import { forgetUnvouched } from './oauth/identities.ts'
import { providerInstead } from './oauth/providerInstead.ts'
import { ownerOfToken, usePasswordToken } from './passwordTokens.ts'
import { findUser, lockUser, type UserRecord } from './users.ts'
import { markVerified } from './verifyEmail.ts'

/**
 * Uses a reset link, once: the new password holds, every session ends, and the mailbox counts as verified. An
 * identity whose provider does not speak for the mailbox is taken off: it need not be its owner's. A refusal leaves the link as it was.
 */
export async function resetPassword(
  app: App,
  caller: Caller,
  { token, password }: { token: string; password: string },
  at: Date,
): Promise<NewCredentials> {
  const presented = { purpose: 'reset', tokenHash: hashToken(token) } as const
  const userId = await ownerOfToken(app.db, presented, at)
  const { email } = await refuseForProvider(app, app.db, await findUser(app.db, userId))
  await refuseWeakPassword(app, password, email)
  const passwordHash = await app.passwords.hash(password)
  return inTx(app, async (tx) => {
    // Locked before anything is read of them: what is being linked is either seen here or comes too late.
    const [locked] = await Promise.all([lockUser(tx, userId), usePasswordToken(tx, presented, at)])
    const user = await refuseForProvider(app, tx, locked)
    const unlinked = await forgetUnvouched(tx, caller, { userId }, at)
    const [credentials] = await Promise.all([
      setNewPassword(tx, caller, { user, passwordHash, unlinked }, at),
      markVerified(tx, caller, { userId, email: user.email, by: 'reset' }, at),
      audit(tx, caller, { action: 'password.reset', userId }, at),
    ])
    return credentials
  })
}

/** The user, unless the mailbox is known to be theirs and they signed in without a password on purpose. */
async function refuseForProvider({ oidc }: App, db: Db, user: UserRecord | null): Promise<UserRecord> {
  if (!user) throw problem('token-unknown')
  const refusal = user.emailVerifiedAt
    ? await providerInstead(db, oidc, user, ({ isVouched }) => isVouched)
    : null
  if (refusal) throw refusal
  return user
}
