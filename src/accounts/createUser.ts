import { v7 as uuidv7 } from 'uuid'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import { giveTrial } from '../entitlements/trials.ts'
import type { Caller } from '../http/actor.ts'
import { requestVerification } from '../identity/requestVerification.ts'
import { createAccount } from './createAccount.ts'

/** Somebody new, with the hash of the password they chose. */
export interface NewUser {
  userId: string
  email: string
  passwordHash: string
  name: string | null
  accountName: string | null
}

const UNIQUE_VIOLATION = '23505'
/** Of the 200 characters that the name of an account may have. */
const LONGEST_OWNER = 180

/** Writes a user with an account of their own, a trial unless their mailbox has had it, and the mail that verifies it. */
export async function createUser(
  tx: Tx,
  { config }: App,
  caller: Caller,
  { user, hadTrial }: { user: NewUser; hadTrial: boolean },
  at: Date,
): Promise<void> {
  const { userId, email, name, passwordHash } = user
  const startsSession = config.registrationPrivacy === 'strict'
  const accountId = uuidv7()
  await Promise.all([
    tx
      .insertInto('users')
      .values({ id: userId, email, name, password_hash: passwordHash, created_at: at })
      .execute(),
    audit(tx, caller, { action: 'user.registered', userId, details: { trial: !hadTrial } }, at),
    requestVerification(tx, config, { userId, email, startsSession }, at),
    createAccount(tx, caller, { accountId, name: accountName(user), ownerId: userId }, at),
    hadTrial ? undefined : giveTrial(tx, config, { userId, accountId }, at),
  ])
}

/** Whether writing a user failed because somebody else has got the address meanwhile. */
export function isAddressTaken(error: unknown): boolean {
  const { code, constraint } = error as { code?: string; constraint?: string }
  return code === UNIQUE_VIOLATION && constraint === 'users_email_key'
}

function accountName({ accountName: chosen, name, email }: NewUser): string {
  if (chosen) return chosen
  const owner = [...(name ?? email.split('@')[0] ?? '')].slice(0, LONGEST_OWNER)
  return `${owner.join('')}’s account`
}
