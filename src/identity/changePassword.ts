import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx } from '../db/transaction.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { confirmPassword } from './confirmPassword.ts'
import { refuseWeakPassword } from './knownPasswords.ts'
import { setNewPassword } from './newPassword.ts'
import { findUser } from './users.ts'

/** Changes the caller's password; their other sessions end, this one goes on. */
export async function changePassword(
  app: App,
  caller: Caller<UserActor>,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
  at: Date,
): Promise<void> {
  const { userId, sessionId } = caller.actor
  const user = await findUser(app.db, userId)
  if (!user) throw problem('unauthenticated')
  await confirmPassword(app, caller, user, currentPassword, at)
  await refuseWeakPassword(app, newPassword, user.email)
  const passwordHash = await app.passwords.hash(newPassword)
  await inTx(app, (tx) =>
    Promise.all([
      setNewPassword(tx, caller, { user, passwordHash, keepSession: sessionId }, at),
      audit(tx, caller, { action: 'password.changed', userId }, at),
    ]),
  )
}
