import { v7 as uuidv7 } from 'uuid'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import { bindTrialToMailbox, giveTrial } from '../entitlements/trials.ts'
import type { Caller } from '../http/actor.ts'
import { addIdentity } from '../identity/identities.ts'
import { requestVerification } from '../identity/requestVerification.ts'
import type { Identity } from '../oidc/rules.ts'
import { createAccount } from './createAccount.ts'

/** Somebody new, with what they sign in with: the hash of a password, or an identity. */
export interface NewUser {
  userId: string
  email: string
  passwordHash: string | null
  identity: Identity | null
  name: string | null
  accountName: string | null
}

/** Of the 200 characters that the name of an account may have. */
const LONGEST_OWNER = 180

/**
 * Writes a user with an account of their own, a trial unless their mailbox has had it, and the mail that verifies it,
 * unless their provider has proved the mailbox.
 */
export async function createUser(
  tx: Tx,
  { config }: App,
  caller: Caller,
  { user, hadTrial }: { user: NewUser; hadTrial: boolean },
  at: Date,
): Promise<void> {
  const { userId, email, name, passwordHash, identity } = user
  const isVerified = identity?.emailVerified ?? false
  const startsSession = config.registrationPrivacy === 'strict'
  const accountId = uuidv7()
  const details = { trial: !hadTrial, ...(identity && { provider: identity.provider }) }
  await Promise.all([
    tx
      .insertInto('users')
      .values({
        id: userId,
        email,
        email_verified_at: isVerified ? at : null,
        name,
        password_hash: passwordHash,
        created_at: at,
      })
      .execute(),
    audit(tx, caller, { action: 'user.registered', userId, details }, at),
    identity ? addIdentity(tx, { userId, identity, email }, at) : undefined,
    isVerified ? undefined : requestVerification(tx, config, { userId, email, startsSession }, at),
    createAccount(tx, caller, { accountId, name: accountName(user), ownerId: userId }, at),
    hadTrial ? undefined : giveTrial(tx, config, { userId, accountId }, at),
  ])
  if (isVerified) await bindTrialToMailbox(tx, userId, email, at)
}

function accountName({ accountName: chosen, name, email }: NewUser): string {
  if (chosen) return chosen
  const owner = [...(name ?? email.split('@')[0] ?? '')].slice(0, LONGEST_OWNER)
  return `${owner.join('')}’s account`
}
