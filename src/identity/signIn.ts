import type { App } from '../app.ts'
import { inTx, type Tx, together } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import type { Limit } from '../limits/limiter.ts'
import { refuseAboveLimit } from '../limits/refuseAboveLimit.ts'
import { type Problem, problem } from '../problems.ts'
import { countFailure } from './countFailure.ts'
import { noticeNewDevice, signedInFromHere } from './newDevice.ts'
import { providerInstead } from './oauth/providerInstead.ts'
import { type LetIn, letIn } from './openSession.ts'
import { deviceLimits, signInLimits } from './throttles.ts'
import { findUserByEmail, type UserRecord } from './users.ts'

export interface Credentials {
  email: string
  password: string
  /** The device of the request, once the user is known; null for a stranger's. */
  deviceOf: (user: UserRecord) => { deviceId: string } | null
}

/**
 * Signs a user in with a password, or asks for their second factor. Failures are counted, successes are not; a known device has a count of
 * its own. Once the count is full not even the right password is told from a wrong one.
 */
export async function signIn(
  app: App,
  caller: Caller,
  { email, password, deviceOf }: Credentials,
  at: Date,
): Promise<LetIn> {
  const strangers = signInLimits(email, caller.ip)
  const [user, strangersVerdict] = await together(app, (db) =>
    Promise.all([findUserByEmail(db, email), app.limiter.peek(strangers, at, db)]),
  )
  const device = user && deviceOf(user)
  const limits = device ? deviceLimits(device.deviceId, user.id) : strangers
  refuseAboveLimit(device ? await app.limiter.peek(limits, at) : strangersVerdict)

  const isRight = await app.passwords.matches(user?.passwordHash ?? null, password)
  if (!user || !isRight || !mayEnter(app, user)) {
    await countFailure(app, caller, { what: 'sign-in', limits, userId: user?.id ?? null }, at)
    throw await refusalOf(app, user)
  }
  const newHash = app.passwords.isOutdated(user.passwordHash ?? '')
    ? await app.passwords.hash(password)
    : null
  return inTx(app, (tx) => enter(tx, app, caller, { user, limits, newHash, isKnown: device !== null }, at))
}

/**
 * Where registering may not say whether an address is known, the password it was given opens nothing before the
 * mailbox is proved: registering and then signing in would tell.
 */
function mayEnter({ config }: App, { emailVerifiedAt }: UserRecord): boolean {
  return config.registrationPrivacy === 'open' || emailVerifiedAt !== null
}

/** Who has no password is told what to sign in with instead, but not where nothing may say that an address is known. */
async function refusalOf({ db, config, oidc }: App, user: UserRecord | null): Promise<Problem> {
  const mayTell = user && config.registrationPrivacy === 'open'
  const instead = mayTell ? await providerInstead(db, oidc, user) : null
  return instead ?? problem('invalid-credentials')
}

async function enter(
  tx: Tx,
  app: App,
  caller: Caller,
  {
    user,
    limits,
    newHash,
    isKnown,
  }: { user: UserRecord; limits: Limit[]; newHash: string | null; isKnown: boolean },
  at: Date,
): Promise<LetIn> {
  const [verdict, seenBefore, entered] = await Promise.all([
    // Asked again: guesses made in parallel may have filled the count while this one was hashed.
    app.limiter.peek(limits, at, tx),
    isKnown || signedInFromHere(tx, caller, user.id),
    letIn(tx, app, caller, { user, method: 'password' }, at),
    newHash ? replaceHash(tx, user, newHash) : undefined,
  ])
  refuseAboveLimit(verdict)
  if (!seenBefore && entered.kind === 'entered') await noticeNewDevice(tx, caller, user, at)
  return entered
}

/** Upgrades the hash, unless the password was changed meanwhile. */
async function replaceHash(tx: Tx, user: UserRecord, newHash: string): Promise<void> {
  await tx
    .updateTable('users')
    .set({ password_hash: newHash })
    .where('id', '=', user.id)
    .where('password_hash', '=', user.passwordHash)
    .execute()
}
