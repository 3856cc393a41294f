import { v7 as uuidv7 } from 'uuid'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import { bindTrialToMailbox, giveTrial } from '../entitlements/trials.ts'
import type { Caller } from '../http/actor.ts'
import { addIdentity } from '../identity/oauth/identities.ts'
import { requestVerification } from '../identity/requestVerification.ts'
import type { Identity } from '../oidc/rules.ts'
import { createAccount } from './createAccount.ts'
import { acceptInvite } from './invites/acceptInvite.ts'

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
  const { userId, email } = user
  const isVerified = user.identity?.emailVerified ?? false
  const accountId = uuidv7()
  await Promise.all([
    writeUser(tx, config, caller, { user, isVerified, trial: !hadTrial }, at),
    createAccount(
      tx,
      caller,
      { accountId, name: accountName(user), isChosen: user.accountName !== null, ownerId: userId },
      at,
    ),
    hadTrial ? undefined : giveTrial(tx, config, { userId, accountId }, at),
  ])
  if (isVerified) await bindTrialToMailbox(tx, userId, email, at)
}

/**
 * Writes a user who joins the account that they are invited to, and has none of their own and no trial. That they hold
 * the invite proves the mailbox.
 */
export async function createInvitedUser(
  tx: Tx,
  app: App,
  caller: Caller,
  { user, inviteToken }: { user: NewUser; inviteToken: string },
  at: Date,
): Promise<void> {
  const { userId: id, email } = user
  await writeUser(tx, app.config, caller, { user, isVerified: true, trial: false }, at)
  const invitee = { token: inviteToken, user: { id, email, emailVerifiedAt: at } }
  await acceptInvite(tx, app, caller, invitee, at)
}

/** Writes a user and what they sign in with, and promises the mail that verifies them, where that is not done. */
async function writeUser(
  tx: Tx,
  config: App['config'],
  caller: Caller,
  { user, isVerified, trial }: { user: NewUser; isVerified: boolean; trial: boolean },
  at: Date,
): Promise<void> {
  const { userId, email, name, passwordHash, identity } = user
  const startsSession = config.registrationPrivacy === 'strict'
  const details = { trial, ...(identity && { provider: identity.provider }) }
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
    identity
      ? addIdentity(
          tx,
          {
            userId,
            identity,
            email,
            isVouched: identity.emailVerified,
            madeUser: !identity.emailVerified,
          },
          at,
        )
      : undefined,
    isVerified ? undefined : requestVerification(tx, config, { userId, email, startsSession }, at),
  ])
}

function accountName({ accountName: chosen, name, email }: NewUser): string {
  if (chosen) return chosen
  const owner = [...(name ?? email.split('@')[0] ?? '')].slice(0, LONGEST_OWNER)
  return `${owner.join('')}’s account`
}
