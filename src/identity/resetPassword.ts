import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { type Problem, problem } from '../problems.ts'
import { hashToken } from '../secrets/mailedTokens.ts'
import { refuseWeakPassword } from './knownPasswords.ts'
import { type NewCredentials, setNewPassword } from './newPassword.ts'
import { whyVoid } from './rules.ts'
import { findUser, type UserRecord } from './users.ts'
import { markVerified } from './verifyEmail.ts'

/**
 * Uses a reset link, once: the new password holds, every session ends, and the mailbox counts as verified.
 * A password that is refused leaves the link as it was.
 */
export async function resetPassword(
  app: App,
  caller: Caller,
  { token, password }: { token: string; password: string },
  at: Date,
): Promise<NewCredentials> {
  const tokenHash = hashToken(token)
  const user = await userOfToken(app.db, tokenHash, at)
  await refuseWeakPassword(app, password, user.email)
  const passwordHash = await app.passwords.hash(password)
  return inTx(app, async (tx) => {
    await useToken(tx, tokenHash, at)
    const [credentials] = await Promise.all([
      setNewPassword(tx, caller, { user, passwordHash }, at),
      markVerified(tx, caller, { userId: user.id, email: user.email, by: 'reset' }, at),
      audit(tx, caller, { action: 'password.reset', userId: user.id }, at),
    ])
    return credentials
  })
}

async function userOfToken(db: Db, tokenHash: Buffer, at: Date): Promise<UserRecord> {
  const token = await findToken(db, tokenHash)
  if (!token || token.usedAt || token.supersededAt || token.expiresAt <= at) throw refusalOf(token)
  const user = await findUser(db, token.userId)
  if (!user) throw problem('token-unknown')
  return user
}

async function useToken(tx: Tx, tokenHash: Buffer, at: Date): Promise<void> {
  const used = await tx
    .updateTable('password_reset_tokens')
    .set({ used_at: at })
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is', null)
    .where('superseded_at', 'is', null)
    .where('expires_at', '>', at)
    .returning('id')
    .executeTakeFirst()
  // It was good a moment ago; another request has used or superseded it since.
  if (!used) throw refusalOf(await findToken(tx, tokenHash))
}

function findToken(db: Db, tokenHash: Buffer) {
  return db
    .selectFrom('password_reset_tokens')
    .select([
      'user_id as userId',
      'used_at as usedAt',
      'superseded_at as supersededAt',
      'expires_at as expiresAt',
    ])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
}

function refusalOf(token: Parameters<typeof whyVoid>[0] | undefined): Problem {
  return problem(token ? whyVoid(token) : 'token-unknown')
}
