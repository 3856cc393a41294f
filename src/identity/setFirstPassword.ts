import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx } from '../db/transaction.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { hashToken } from '../secrets/mailedTokens.ts'
import { refuseWeakPassword } from './knownPasswords.ts'
import { type NewCredentials, setNewPassword } from './newPassword.ts'
import { ownerOfToken, usePasswordToken } from './passwordTokens.ts'
import { userWithoutPassword } from './requestFirstPassword.ts'
import { findUser, lockUser } from './users.ts'
import { markVerified } from './verifyEmail.ts'

/**
 * Gives the caller a first password with a link that was mailed to them, once: it takes the mailbox and the session.
 * The mailbox counts as verified, this session goes on, the others end.
 */
export async function setFirstPassword(
  app: App,
  caller: Caller<UserActor>,
  { token, password }: { token: string; password: string },
  at: Date,
): Promise<NewCredentials> {
  const { userId, sessionId } = caller.actor
  const presented = { purpose: 'first', tokenHash: hashToken(token) } as const
  if ((await ownerOfToken(app.db, presented, at)) !== userId) throw problem('token-unknown')
  const { email } = userWithoutPassword(await findUser(app.db, userId))
  await refuseWeakPassword(app, password, email)
  const passwordHash = await app.passwords.hash(password)
  return inTx(app, async (tx) => {
    const [locked] = await Promise.all([lockUser(tx, userId), usePasswordToken(tx, presented, at)])
    const user = userWithoutPassword(locked)
    const [credentials] = await Promise.all([
      setNewPassword(tx, caller, { user, passwordHash, keepSession: sessionId }, at),
      markVerified(tx, caller, { userId, email: user.email, by: 'first-password' }, at),
      audit(tx, caller, { action: 'password.first-set', userId }, at),
    ])
    return credentials
  })
}
