import { v7 as uuidv7 } from 'uuid'
import type { App } from '../app.ts'
import { inTx, type Tx, together } from '../db/transaction.ts'
import { hasHadTrial } from '../entitlements/trials.ts'
import type { Caller } from '../http/actor.ts'
import { refuseWeakPassword } from '../identity/knownPasswords.ts'
import { type Entered, openSession } from '../identity/openSession.ts'
import { registrationLimits } from '../identity/throttles.ts'
import { findUserByEmail, isAddressTaken } from '../identity/users.ts'
import { enqueue } from '../jobs/enqueue.ts'
import { refuseAboveLimit } from '../limits/refuseAboveLimit.ts'
import { problem } from '../problems.ts'
import { createInvitedUser, createUser, type NewUser } from './createUser.ts'
import { getInvite } from './invites/invites.ts'
import { registerByMailJob } from './registerByMail.ts'
import { findOpenings } from './selfServe/openings.ts'
import { refuseUnlessOpen } from './selfServe/refuseUnlessOpen.ts'

export interface Registration {
  email: string
  password: string
  name: string | null
  accountName: string | null
  /** The link of an invite that they bring along. */
  inviteToken: string | null
  /** Of their browser among a hundred; null for one that is not marked. */
  bucket: number | null
}

/**
 * Makes a stranger a user with an account of their own and a card-free trial, in one commit with the mail
 * that verifies the mailbox. Whoever brings an invite joins that account instead, and is verified by it: this holds
 * also where others may not register, or may not be told anything. Of parallel registrations of one address one succeeds.
 */
export async function register(
  app: App,
  caller: Caller,
  { password, inviteToken, bucket, ...registration }: Registration,
  at: Date,
): Promise<Entered> {
  const { config } = app
  const { email } = registration
  const [known, hadTrial, openings, verdict] = await together(app, (db) =>
    Promise.all([
      findUserByEmail(db, email),
      hasHadTrial(db, email),
      inviteToken === null ? findOpenings(db, config) : null,
      app.limiter.take(registrationLimits(config.registrationsPerHour, caller.ip), at, db),
    ]),
  )
  if (inviteToken === null) refuseUnlessOpen(config, openings, { email, bucket })
  refuseAboveLimit(verdict)
  if (inviteToken !== null) await refuseUnlessInvited(app, { inviteToken, email }, at)
  await refuseWeakPassword(app, password, email)
  // Hashed for a known address too, so that the answer takes as long.
  const passwordHash = await app.passwords.hash(password)
  const user = { ...registration, userId: uuidv7(), passwordHash, identity: null }
  if (config.registrationPrivacy === 'strict' && inviteToken === null) {
    // What became of it is for the job to find out: from here on nothing depends on the address.
    const payload = { user, caller, requestedAt: at.toISOString() }
    await inTx(app, (tx) => enqueue(tx, registerByMailJob, payload))
    return { kind: 'mailed' }
  }
  if (known) throw problem('email-already-registered')
  try {
    return await inTx(app, (tx) => enter(tx, app, caller, { user, hadTrial, inviteToken }, at))
  } catch (error) {
    throw isAddressTaken(error) ? problem('email-already-registered') : error
  }
}

/** Looks before a password is hashed; accepting decides. */
async function refuseUnlessInvited(
  app: App,
  { inviteToken, email }: { inviteToken: string; email: string },
  at: Date,
): Promise<void> {
  const invite = await getInvite(app.db, inviteToken, at)
  if (invite.email !== email) throw problem('invite-for-another-address')
}

async function enter(
  tx: Tx,
  app: App,
  caller: Caller,
  { user, hadTrial, inviteToken }: { user: NewUser; hadTrial: boolean; inviteToken: string | null },
  at: Date,
): Promise<Entered> {
  const { userId } = user
  const newcomer = { userId, method: 'password', credentialsVersion: 1, factor: null } as const
  if (inviteToken !== null) await createInvitedUser(tx, app, caller, { user, inviteToken }, at)
  // Issued together, all of it takes one round trip; it runs in this order.
  const [, snapshot] = await Promise.all([
    inviteToken === null ? createUser(tx, app, caller, { user, hadTrial }, at) : undefined,
    openSession(tx, caller, app.config, newcomer, at),
  ])
  return { kind: 'entered', snapshot, user: { id: userId, credentialsVersion: 1 } }
}
