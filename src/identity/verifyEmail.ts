import { audit } from '../audit/audit.ts'
import { changed, type Tx } from '../db/transaction.ts'
import { bindTrialToMailbox } from '../entitlements/trials.ts'
import type { Caller } from '../http/actor.ts'
import type { ProviderName } from '../oidc/rules.ts'
import { problem } from '../problems.ts'
import { hashToken } from '../secrets/mailedTokens.ts'
import { supersedeVerification } from './requestVerification.ts'
import { whyVoid } from './rules.ts'

export interface VerifiedEmail {
  userId: string
  email: string
  startsSession: boolean
}

/** Uses a verification link, once: of parallel calls with one token exactly one succeeds. */
export async function verifyEmail(tx: Tx, caller: Caller, token: string, at: Date): Promise<VerifiedEmail> {
  const used = await redeemVerificationToken(tx, token, at)
  await markVerified(tx, caller, { userId: used.userId, email: used.email, by: 'link' }, at)
  return used
}

/** Takes a verification token for whose it is. Throws why it is void. */
export async function redeemVerificationToken(tx: Tx, token: string, at: Date): Promise<VerifiedEmail> {
  const tokenHash = hashToken(token)
  const used = await tx
    .updateTable('email_verification_tokens')
    .set({ used_at: at })
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is', null)
    .where('superseded_at', 'is', null)
    .where('expires_at', '>', at)
    .returning(['user_id as userId', 'email', 'starts_session as startsSession'])
    .executeTakeFirst()
  if (!used) throw await refusalOf(tx, tokenHash)
  return used
}

/** Notes that the user has proved to own the mailbox of their address; harmless when that was known. */
export async function markVerified(
  tx: Tx,
  caller: Caller,
  {
    userId,
    email,
    by,
  }: { userId: string; email: string; by: 'link' | 'reset' | 'first-password' | 'invite' | ProviderName },
  at: Date,
): Promise<void> {
  changed(tx, `user:${userId}`)
  const [updated] = await Promise.all([
    tx
      .updateTable('users')
      .set({ email_verified_at: at })
      .where('id', '=', userId)
      .where('email', '=', email)
      .where('email_verified_at', 'is', null)
      .returning('id')
      .executeTakeFirst(),
    supersedeVerification(tx, userId, at),
  ])
  if (!updated) return
  await bindTrialToMailbox(tx, userId, email, at)
  await audit(tx, caller, { action: 'email.verified', userId, details: { by } }, at)
}

async function refusalOf(tx: Tx, tokenHash: Buffer) {
  const token = await tx
    .selectFrom('email_verification_tokens')
    .select(['used_at as usedAt', 'superseded_at as supersededAt', 'expires_at as expiresAt'])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
  return problem(token ? whyVoid(token) : 'token-unknown')
}
