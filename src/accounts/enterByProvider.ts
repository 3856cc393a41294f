import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { readSnapshot, type Snapshot } from '../access/snapshot.ts'
import type { App } from '../app.ts'
import { audit } from '../audit/audit.ts'
import type { Db } from '../db/database.ts'
import { changed, inTx, type Tx } from '../db/transaction.ts'
import { hasHadTrial } from '../entitlements/trials.ts'
import type { Caller } from '../http/actor.ts'
import { normaliseAddress } from '../identity/addresses.ts'
import { endEmailChanges } from '../identity/emailChanges.ts'
import { addIdentity, forgetIdentities, isIdentityTaken, ownerOf } from '../identity/identities.ts'
import { noteIdentity } from '../identity/linkIdentity.ts'
import { noticeNewDevice, signedInFromHere } from '../identity/newDevice.ts'
import { notifyUser } from '../identity/notifyUser.ts'
import { decideEntry, type Entry, type EntryFacts } from '../identity/oauth/rules.ts'
import { requestVerification } from '../identity/requestVerification.ts'
import { beginSession, endSessions, newSessionId } from '../identity/sessions.ts'
import { mailLimits, refuseAboveLimit, registrationLimits } from '../identity/throttles.ts'
import {
  findUser,
  findUserByEmail,
  isAddressTaken,
  lockUser,
  lockUserByEmail,
  type UserRecord,
} from '../identity/users.ts'
import { markVerified } from '../identity/verifyEmail.ts'
import { enqueue } from '../jobs/enqueue.ts'
import { type Identity, providerTitles } from '../oidc/rules.ts'
import { problem } from '../problems.ts'
import { createUser, type NewUser } from './createUser.ts'
import { registerByMailJob } from './registerByMail.ts'
import { handOverResets, releaseAddress } from './releaseAddress.ts'

/** Somebody whom a provider has just named. */
export interface Arrival {
  identity: Identity
  /** Whether their browser has been signed in as this user. */
  isBrowserOf: (user: UserRecord) => boolean
}

export type Entered =
  | { kind: 'entered'; snapshot: Snapshot; user: Pick<UserRecord, 'id' | 'credentialsVersion'> }
  /** A link was mailed, and opens the session: the answer of REGISTRATION_PRIVACY=strict to an unproved mailbox. */
  | { kind: 'mailed' }

const MOST_TRIES = 4

/**
 * Signs in whoever a provider names, and makes them a user with an account and a trial where they are new, in one commit.
 * Of parallel arrivals of one person one creates, the others come in.
 */
export async function enterByProvider(
  app: App,
  caller: Caller,
  arrival: Arrival,
  at: Date,
): Promise<Entered> {
  const email = normaliseAddress(arrival.identity.email ?? '')
  for (let tries = 1; ; tries++) {
    const foreseen = decideEntry(await factsOf(app.db, { ...arrival, email }))
    if (mustStayHidden(app, foreseen, arrival))
      return enterByMail(app, caller, foreseen, { ...arrival, email }, at)
    if (foreseen.kind === 'create') await mayCreate(app, caller, at)
    try {
      return await inTx(app, (tx) =>
        enter(tx, app, caller, { ...arrival, email, foreseen: foreseen.kind }, at),
      )
    } catch (error) {
      if (tries === MOST_TRIES || !isLostRace(error)) throw error
    }
  }
}

type Known = Arrival & { email: string | null }

/** Found another state than the one that was looked at before: look again. */
class LostRace extends Error {}

function isLostRace(error: unknown): boolean {
  return error instanceof LostRace || isAddressTaken(error) || isIdentityTaken(error)
}

async function mayCreate(app: App, caller: Caller, at: Date): Promise<void> {
  if (!app.config.selfServeEnabled) throw problem('self-serve-disabled')
  refuseAboveLimit(await app.limiter.take(registrationLimits(app.config.registrationsPerHour, caller.ip), at))
}

async function factsOf(db: Db, { identity, email, isBrowserOf }: Known): Promise<EntryFacts<UserRecord>> {
  const [owned, addressed] = await Promise.all([
    ownerOf(db, identity),
    email === null ? null : findUserByEmail(db, email),
  ])
  const owner = owned && (await findUser(db, owned.userId))
  const isTheirBrowser = addressed !== null && isBrowserOf(addressed)
  return { owner, addressed, email, emailVerified: identity.emailVerified, isTheirBrowser }
}

/** The same, with the user that is entered as or displaced locked until the end. */
async function lockFacts(tx: Tx, known: Known): Promise<EntryFacts<UserRecord>> {
  const owned = await ownerOf(tx, known.identity)
  const owner = owned && (await lockUser(tx, owned.userId))
  const addressed = owner || known.email === null ? null : await lockUserByEmail(tx, known.email)
  const isTheirBrowser = addressed !== null && known.isBrowserOf(addressed)
  return { owner, addressed, email: known.email, emailVerified: known.identity.emailVerified, isTheirBrowser }
}

async function enter(
  tx: Tx,
  app: App,
  caller: Caller,
  known: Known & { foreseen: Entry<UserRecord>['kind'] },
  at: Date,
): Promise<Entered> {
  const { identity, email } = known
  const entry = decideEntry(await lockFacts(tx, known))
  if (entry.kind !== known.foreseen)
    throw new LostRace('Somebody else has changed who has this identity or address')
  switch (entry.kind) {
    case 'known': {
      await noteUse(tx, entry.user, { identity, email }, at)
      if (entry.provesMailbox) await proveMailbox(tx, caller, entry.user, identity, at)
      return openSession(tx, app, caller, { user: entry.user, identity, isNews: true }, at)
    }
    case 'join':
      await noteIdentity(tx, caller, { user: entry.user, identity, because: 'same-mailbox' }, at)
      return openSession(tx, app, caller, { user: entry.user, identity, isNews: false }, at)
    case 'take-over': {
      const user = await takeOver(tx, caller, { user: entry.user, identity }, at)
      return openSession(tx, app, caller, { user, identity, isNews: false }, at)
    }
    case 'create': {
      const user = await create(
        tx,
        app,
        caller,
        { identity, email: entry.email, squatter: entry.squatter },
        at,
      )
      return openSession(tx, app, caller, { user, identity, isNews: false }, at)
    }
    case 'address-taken':
      throw problem('email-already-registered', undefined, { detail: unproved(identity) })
    case 'no-address':
      throw problem('oauth-email-missing')
  }
}

const unproved = ({ provider }: Identity) =>
  `A user with this address exists, and ${providerTitles[provider]} does not vouch that it is yours. Sign in as you did before, then link ${providerTitles[provider]} in your account.`

/** Notes that the identity was used; unlinked meanwhile, it opens nothing. */
async function noteUse(
  tx: Tx,
  { id: userId }: UserRecord,
  { identity, email }: { identity: Identity; email: string | null },
  at: Date,
): Promise<void> {
  const used = await tx
    .updateTable('oauth_identities')
    .set({ last_used_at: at, email })
    .where('user_id', '=', userId)
    .where('provider', '=', identity.provider)
    .where('issuer', '=', identity.issuer)
    .where('subject', '=', identity.subject)
    .returning('id')
    .executeTakeFirst()
  if (!used) throw new LostRace('The identity was unlinked')
}

async function proveMailbox(
  tx: Tx,
  caller: Caller,
  { id: userId, email }: UserRecord,
  { provider }: Identity,
  at: Date,
): Promise<void> {
  await markVerified(tx, caller, { userId, email, by: provider }, at)
}

/** Leaves the user their account, and nothing of what opened it before. */
async function takeOver(
  tx: Tx,
  caller: Caller,
  { user, identity }: { user: UserRecord; identity: Identity },
  at: Date,
): Promise<UserRecord> {
  const { id: userId, email } = user
  const { provider } = identity
  changed(tx, `user:${userId}`)
  const [updated] = await Promise.all([
    tx
      .updateTable('users')
      .set({ password_hash: null, credentials_version: sql`credentials_version + 1` })
      .where('id', '=', userId)
      .returning('credentials_version')
      .executeTakeFirstOrThrow(),
    endSessions(tx, caller, { userId, because: 'address-proved-by-another' }, at),
    endEmailChanges(tx, userId, 'address-proved', at),
    forgetIdentities(tx, userId),
    addIdentity(tx, { userId, identity, email }, at),
    audit(tx, caller, { action: 'user.taken-over', userId, details: { provider } }, at),
  ])
  await markVerified(tx, caller, { userId, email, by: provider }, at)
  const proved = {
    ...user,
    passwordHash: null,
    emailVerifiedAt: at,
    credentialsVersion: updated.credentials_version,
  }
  await tellOfTakeOver(tx, proved, identity, at)
  return proved
}

async function create(
  tx: Tx,
  app: App,
  caller: Caller,
  { identity, email, squatter }: { identity: Identity; email: string; squatter: UserRecord | null },
  at: Date,
): Promise<UserRecord> {
  const user = newUserOf(identity, email)
  if (squatter) await releaseAddress(tx, caller, squatter.id, at)
  const hadTrial = await hasHadTrial(tx, email)
  await createUser(tx, app, caller, { user, hadTrial }, at)
  const record = {
    ...user,
    id: user.userId,
    emailVerifiedAt: identity.emailVerified ? at : null,
    credentialsVersion: 1,
    createdAt: at,
  }
  if (squatter) {
    await handOverResets(tx, { from: squatter.id, to: user.userId })
    await tellOfTakeOver(tx, record, identity, at)
  }
  return record
}

function newUserOf(identity: Identity, email: string): NewUser {
  return { userId: uuidv7(), email, name: identity.name, accountName: null, passwordHash: null, identity }
}

async function tellOfTakeOver(tx: Tx, user: UserRecord, { provider }: Identity, at: Date): Promise<void> {
  const fill = { provider: providerTitles[provider] }
  await notifyUser(tx, user, { template: 'address-taken-over', fill, path: '/account' }, at)
}

async function openSession(
  tx: Tx,
  app: App,
  caller: Caller,
  { user, identity, isNews }: { user: UserRecord; identity: Identity; isNews: boolean },
  at: Date,
): Promise<Entered> {
  const sessionId = newSessionId()
  const { id: userId, credentialsVersion } = user
  const [seenBefore, , snapshot] = await Promise.all([
    isNews ? signedInFromHere(tx, caller, userId) : true,
    beginSession(
      tx,
      caller,
      app.config,
      { sessionId, userId, method: identity.provider, credentialsVersion },
      at,
    ),
    readSnapshot(tx, sessionId, null),
  ])
  if (!snapshot) throw new Error('The session that was just written cannot be read')
  if (!seenBefore) await noticeNewDevice(tx, caller, user, at)
  return { kind: 'entered', snapshot, user }
}

/**
 * Whether the answer must not depend on what is known of an address, since nobody has proved it: where registering
 * may not say whether an address is known, neither may this.
 */
function mustStayHidden({ config }: App, entry: Entry<UserRecord>, { identity }: Arrival): boolean {
  if (config.registrationPrivacy === 'open') return false
  if (entry.kind === 'known') return entry.user.emailVerifiedAt === null && !entry.provesMailbox
  return !identity.emailVerified && entry.kind !== 'no-address'
}

/** Leaves everything to what is mailed to the address. */
async function enterByMail(
  app: App,
  caller: Caller,
  entry: Entry<UserRecord>,
  { identity, email }: Known,
  at: Date,
): Promise<Entered> {
  if (entry.kind === 'known') {
    const { id: userId, email: address } = entry.user
    const verdict = await app.limiter.take(mailLimits('resend', address, caller.ip), at)
    if (verdict.retryAfterSeconds === null)
      await inTx(app, (tx) =>
        requestVerification(tx, app.config, { userId, email: address, startsSession: true }, at),
      )
  } else if (email !== null) {
    await mayCreate(app, caller, at)
    const payload = { user: newUserOf(identity, email), caller, requestedAt: at.toISOString() }
    await inTx(app, (tx) => enqueue(tx, registerByMailJob, payload))
  }
  return { kind: 'mailed' }
}
