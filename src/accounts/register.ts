import { v7 as uuidv7 } from 'uuid'
import { readSnapshot, type Snapshot } from '../access/snapshot.ts'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import { inTx, type Tx, together } from '../db/transaction.ts'
import { giveTrial, hasHadTrial } from '../entitlements/trials.ts'
import type { Caller } from '../http/actor.ts'
import { refuseWeakPassword } from '../identity/knownPasswords.ts'
import { notifyUser } from '../identity/notifyUser.ts'
import { requestVerification } from '../identity/requestVerification.ts'
import { beginSession, newSessionId } from '../identity/sessions.ts'
import { refuseAboveLimit, registrationLimits } from '../identity/throttles.ts'
import { findUserByEmail, type UserRecord } from '../identity/users.ts'
import { problem } from '../problems.ts'
import { createAccount } from './createAccount.ts'

export interface Registration {
  email: string
  password: string
  name: string | null
  accountName: string | null
}

export type Registered =
  | { kind: 'entered'; snapshot: Snapshot; user: Pick<UserRecord, 'id' | 'credentialsVersion'> }
  /** The answer of REGISTRATION_PRIVACY=strict, whether or not the address was known. */
  | { kind: 'mailed' }

const UNIQUE_VIOLATION = '23505'
/** Of the 200 characters that the name of an account may have. */
const LONGEST_OWNER = 180

/**
 * Makes a stranger a user with an account of their own and a card-free trial, in one commit with the mail
 * that verifies the mailbox. Of parallel registrations of one address one succeeds.
 */
export async function register(
  app: App,
  caller: Caller,
  registration: Registration,
  at: Date,
): Promise<Registered> {
  const { config } = app
  if (!config.selfServeEnabled) throw problem('self-serve-disabled')
  const { email, password } = registration
  const [known, hadTrial, verdict] = await together(app, (db) =>
    Promise.all([
      findUserByEmail(db, email),
      hasHadTrial(db, email),
      app.limiter.take(registrationLimits(config.registrationsPerHour, caller.ip), at, db),
    ]),
  )
  refuseAboveLimit(verdict)
  await refuseWeakPassword(app, password, email)
  // Hashed for a known address too, so that the answer takes as long.
  const passwordHash = await app.passwords.hash(password)
  if (known) return refuseKnown(app, caller, known, at)
  try {
    return await inTx(app, (tx) => enter(tx, app, caller, { ...registration, passwordHash, hadTrial }, at))
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string }
    if (code !== UNIQUE_VIOLATION || constraint !== 'users_email_key') throw error
    const winner = await findUserByEmail(app.db, email)
    if (!winner) throw error
    return refuseKnown(app, caller, winner, at)
  }
}

async function enter(
  tx: Tx,
  app: App,
  caller: Caller,
  input: Registration & { passwordHash: string; hadTrial: boolean },
  at: Date,
): Promise<Registered> {
  const { config } = app
  const isStrict = config.registrationPrivacy === 'strict'
  const user = { id: uuidv7(), credentialsVersion: 1 }
  const userId = user.id
  const sessionId = newSessionId()
  const created = [
    tx
      .insertInto('users')
      .values({
        id: userId,
        email: input.email,
        name: input.name,
        password_hash: input.passwordHash,
        created_at: at,
      })
      .execute(),
    audit(tx, caller, { action: 'user.registered', userId, details: { trial: !input.hadTrial } }, at),
    requestVerification(tx, config, { userId, email: input.email, startsSession: isStrict }, at),
    createAccount(tx, caller, { name: accountName(input), ownerId: userId }, at).then((accountId) =>
      input.hadTrial ? undefined : giveTrial(tx, config, { userId, accountId }, at),
    ),
  ]
  await Promise.all(created)
  if (isStrict) return { kind: 'mailed' }
  const [, snapshot] = await Promise.all([
    beginSession(tx, caller, config, { sessionId, userId, method: 'password', credentialsVersion: 1 }, at),
    readSnapshot(tx, sessionId, null),
  ])
  if (!snapshot) throw new Error('The session that was just written cannot be read')
  return { kind: 'entered', snapshot, user }
}

/** What a registration with a known address gets: the truth, or in strict mode the same as everybody. */
async function refuseKnown(app: App, caller: Caller, user: UserRecord, at: Date): Promise<Registered> {
  if (app.config.registrationPrivacy === 'open') throw problem('email-already-registered')
  await inTx(app, (tx) =>
    Promise.all([
      audit(tx, caller, { action: 'user.registered-again', userId: user.id }, at),
      notifyUser(tx, user, { template: 'already-registered', fill: {}, path: '/sign-in' }, at),
    ]),
  )
  return { kind: 'mailed' }
}

function accountName({ accountName: chosen, name, email }: Registration): string {
  if (chosen) return chosen
  const owner = [...(name ?? email.split('@')[0] ?? '')].slice(0, LONGEST_OWNER)
  return `${owner.join('')}’s account`
}
