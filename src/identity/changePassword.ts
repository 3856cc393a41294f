import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx } from '../db/transaction.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { confirmPassword } from './confirmPassword.ts'
import { refuseWeakPassword } from './knownPasswords.ts'
import { type NewCredentials, setNewPassword } from './newPassword.ts'
import { requestVerification, supersedeVerification } from './requestVerification.ts'
import { mailLimits } from './throttles.ts'
import { findUser } from './users.ts'

/** Changes the caller's password; their other sessions end, this one goes on. */
export async function changePassword(
  app: App,
  caller: Caller<UserActor>,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
  at: Date,
): Promise<NewCredentials> {
  const { userId, sessionId } = caller.actor
  const user = await findUser(app.db, userId)
  if (!user) throw problem('unauthenticated')
  await confirmPassword(app, caller, user, currentPassword, at)
  await refuseWeakPassword(app, newPassword, user.email)
  const passwordHash = await app.passwords.hash(newPassword)
  // Verification links that are out are void with the old password: somebody unverified needs another.
  const mayMailLink =
    !user.emailVerifiedAt &&
    (await app.limiter.take(mailLimits('resend', user.email, caller.ip), at)).retryAfterSeconds === null
  return inTx(app, async (tx) => {
    const [credentials] = await Promise.all([
      setNewPassword(tx, caller, { user, passwordHash, keepSession: sessionId }, at),
      supersedeVerification(tx, userId, at),
      mayMailLink
        ? requestVerification(tx, app.config, { userId, email: user.email, startsSession: false }, at)
        : undefined,
      audit(tx, caller, { action: 'password.changed', userId }, at),
    ])
    return credentials
  })
}
