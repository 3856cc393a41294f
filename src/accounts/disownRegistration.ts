import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { supersedeResets } from '../identity/passwordTokens.ts'
import { lockUser } from '../identity/users.ts'
import { redeemVerificationToken } from '../identity/verifyEmail.ts'
import { problem } from '../problems.ts'
import { releaseAddress } from './releaseAddress.ts'

/**
 * Uses a verification link, once, to say that somebody else has signed up with this address: it is free again, and
 * nothing of theirs opens anything. A mailbox that was proved since takes nothing back.
 */
export async function disownRegistration(tx: Tx, caller: Caller, token: string, at: Date): Promise<void> {
  const { userId } = await redeemVerificationToken(tx, token, at)
  const user = await lockUser(tx, userId)
  if (!user || user.emailVerifiedAt) throw problem('token-superseded')
  await Promise.all([
    audit(tx, caller, { action: 'user.disowned', userId }, at),
    supersedeResets(tx, userId, at),
    releaseAddress(tx, caller, userId, at),
  ])
}
