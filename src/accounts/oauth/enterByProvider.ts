import type { App } from '../../app.ts'
import type { Db } from '../../db/database.ts'
import { inTx, type Tx, together } from '../../db/transaction.ts'
import type { Caller } from '../../http/actor.ts'
import { noticeNewDevice, signedInFromHere } from '../../identity/newDevice.ts'
import { forgetUnvouched, isIdentityTaken, noteUse, ownerOf } from '../../identity/oauth/identities.ts'
import { noteIdentity } from '../../identity/oauth/linkIdentity.ts'
import { decideEntry, type Entry, type EntryFacts } from '../../identity/oauth/rules.ts'
import { type Entered, letIn } from '../../identity/openSession.ts'
import { endSessions } from '../../identity/sessions.ts'
import { registrationLimits } from '../../identity/throttles.ts'
import {
  findUser,
  findUserByEmail,
  isAddressTaken,
  lockUser,
  lockUserByEmail,
  type UserRecord,
} from '../../identity/users.ts'
import { markVerified } from '../../identity/verifyEmail.ts'
import { refuseAboveLimit } from '../../limits/refuseAboveLimit.ts'
import { normaliseAddress } from '../../mail/addresses.ts'
import { type Identity, providerTitles } from '../../oidc/rules.ts'
import { problem } from '../../problems.ts'
import { acceptInvite } from '../invites/acceptInvite.ts'
import { getInvite } from '../invites/invites.ts'
import { findOpenings } from '../selfServe/openings.ts'
import { refuseUnlessOpen } from '../selfServe/refuseUnlessOpen.ts'
import { enterByMail, mustStayHidden } from './enterByMail.ts'
import { createByProvider } from './newByProvider.ts'
import { takeOver } from './takeOver.ts'

/** Somebody whom a provider has just named. */
export interface Arrival {
  identity: Identity
  /** Whether their browser has been signed in as this user. */
  isBrowserOf: (user: UserRecord) => boolean
  /** The link of an invite that they came with. */
  inviteToken: string | null
  /** Of their browser among a hundred; null for one that is not marked. */
  bucket: number | null
}

/** An arrival whose address is read as ours are. */
interface Arrived extends Arrival {
  email: string | null
}

const MOST_TRIES = 4

/**
 * Signs in whoever a provider names, or asks for their second factor, and makes them a user with an account and a trial where they are new, in one commit.
 * An invite that they came with is accepted in it too, unless a second factor is to be proved first. Of parallel arrivals of one person one creates, the others come in.
 */
export async function enterByProvider(
  app: App,
  caller: Caller,
  arrival: Arrival,
  at: Date,
): Promise<Entered> {
  const { identity, inviteToken } = arrival
  const arrived = { ...arrival, email: normaliseAddress(identity.email ?? '') }
  // Refused before anything is looked up, so that a link that opens nothing tells nothing.
  const invite = inviteToken === null ? null : await getInvite(app.db, inviteToken, at)
  const isInvited = invite?.email === arrived.email
  let mayCreate = false
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const foreseen = decideEntry(await findFacts(app.db, arrived))
    const isHidden = !isInvited && mustStayHidden(app, foreseen, identity)
    const mayMakeUser = foreseen.kind === 'create' || (isHidden && foreseen.kind !== 'known')
    if (mayMakeUser && !mayCreate) {
      if (invite && !isInvited) throw problem('invite-for-another-address')
      // Invites have a limit of their own.
      if (!isInvited) await refuseStranger(app, caller, arrived, at)
      mayCreate = true
    }
    if (isHidden) {
      await enterByMail(app, caller, { entry: foreseen, identity, email: arrived.email }, at)
      return { kind: 'mailed' }
    }
    try {
      return await inTx(app, (tx) => enter(tx, app, caller, { ...arrived, foreseen: foreseen.kind }, at))
    } catch (error) {
      if (!isLostRace(error)) throw error
    }
  }
  throw problem('overloaded', undefined, { retryAfterSeconds: 1 })
}

/** Found another state than the one that was looked at before: look again. */
class LostRace extends Error {}

function isLostRace(error: unknown): boolean {
  return error instanceof LostRace || isAddressTaken(error) || isIdentityTaken(error)
}

/** Throws where this stranger may not become a user: they may not create accounts, or too many of their network did. */
async function refuseStranger(app: App, caller: Caller, { email, bucket }: Arrived, at: Date): Promise<void> {
  const { config, limiter } = app
  const limits = registrationLimits(config.registrationsPerHour, caller.ip)
  const [openings, verdict] = await together(app, (db) =>
    Promise.all([findOpenings(db, config), limiter.take(limits, at, db)]),
  )
  refuseUnlessOpen(config, openings, { email, bucket })
  refuseAboveLimit(verdict)
}

async function findFacts(db: Db, arrived: Arrived): Promise<EntryFacts<UserRecord>> {
  const [owned, addressed] = await Promise.all([
    ownerOf(db, arrived.identity),
    arrived.email === null ? null : findUserByEmail(db, arrived.email),
  ])
  return factsFrom(arrived, { owner: owned && (await findUser(db, owned.userId)), addressed })
}

/** The same, with the user who is entered as or displaced locked until the end. */
async function lockFacts(tx: Tx, arrived: Arrived): Promise<EntryFacts<UserRecord>> {
  const owned = await ownerOf(tx, arrived.identity)
  const owner = owned && (await lockUser(tx, owned.userId))
  const addressed = owner || arrived.email === null ? null : await lockUserByEmail(tx, arrived.email)
  return factsFrom(arrived, { owner, addressed })
}

function factsFrom(
  { identity, email, isBrowserOf }: Arrived,
  { owner, addressed }: { owner: UserRecord | null; addressed: UserRecord | null },
): EntryFacts<UserRecord> {
  const isTheirBrowser = addressed !== null && isBrowserOf(addressed)
  return { owner, addressed, email, emailVerified: identity.emailVerified, isTheirBrowser }
}

async function enter(
  tx: Tx,
  app: App,
  caller: Caller,
  arrived: Arrived & { foreseen: Entry<UserRecord>['kind'] },
  at: Date,
): Promise<Entered> {
  const entry = decideEntry(await lockFacts(tx, arrived))
  if (entry.kind !== arrived.foreseen) throw new LostRace('Who has this identity or address has changed')
  const user = await userOf(tx, app, caller, { entry, arrived }, at)
  // Whoever is new has joined by it already; whoever has yet to prove a second factor accepts it after that.
  const token = entry.kind === 'create' || user.hasSecondFactor ? null : arrived.inviteToken
  const accountId = token === null ? null : await joinInvited(tx, app, caller, { user, arrived, token }, at)
  const first = { user, method: arrived.identity.provider, accountId }
  const [seenBefore, entered] = await Promise.all([
    // Everybody else has a mail already that says how they came in.
    entry.kind === 'known' ? signedInFromHere(tx, caller, user.id) : true,
    letIn(tx, app, caller, first, at),
  ])
  if (!seenBefore && entered.kind === 'entered') await noticeNewDevice(tx, caller, user, at)
  return entered
}

/** The user that somebody comes in as, with all that follows from how they are known. */
async function userOf(
  tx: Tx,
  app: App,
  caller: Caller,
  { entry, arrived }: { entry: Entry<UserRecord>; arrived: Arrived },
  at: Date,
): Promise<UserRecord> {
  const { identity, email, inviteToken } = arrived
  switch (entry.kind) {
    case 'known': {
      const { user, provesMailbox } = entry
      const isVouched = identity.emailVerified && email === user.email
      // Unlinked meanwhile, it opens nothing.
      if (!(await noteUse(tx, user.id, { identity, email, isVouched }, at))) throw new LostRace('Unlinked')
      if (!provesMailbox) return user
      await markVerified(tx, caller, { userId: user.id, email: user.email, by: identity.provider }, at)
      return { ...user, emailVerifiedAt: at }
    }
    case 'join':
      // Before the second factor is proved nothing is linked; it opens the first step again the next time.
      if (!entry.user.hasSecondFactor) await join(tx, caller, { user: entry.user, identity }, at)
      return entry.user
    case 'take-over':
      return takeOver(tx, caller, { user: entry.user, identity }, at)
    case 'create': {
      const { email, squatter } = entry
      return createByProvider(tx, app, caller, { identity, email, squatter, inviteToken }, at)
    }
    case 'address-taken':
      throw problem('email-already-registered', undefined, { detail: unproved(identity) })
    case 'no-address':
      throw problem('oauth-email-missing')
  }
}

const unproved = ({ provider }: Identity) =>
  `A user with this address exists, and ${providerTitles[provider]} does not vouch that it is yours. Sign in as you did before, then link ${providerTitles[provider]} in your account.`

/** Adds the identity; one that made the user while nobody vouched for the address, and all that it opened, gives way to it. */
async function join(
  tx: Tx,
  caller: Caller,
  { user, identity }: { user: UserRecord; identity: Identity },
  at: Date,
): Promise<void> {
  const { id: userId } = user
  const unlinked = await forgetUnvouched(tx, caller, { userId, onlyMaker: true }, at)
  if (unlinked.length > 0) await endSessions(tx, caller, { userId, because: 'identity-unlinked' }, at)
  await noteIdentity(tx, caller, { user, identity, because: 'same-mailbox' }, at)
}

/** Accepts the invite of somebody who has a user, by their own address or by the one that their provider vouches for. */
async function joinInvited(
  tx: Tx,
  app: App,
  caller: Caller,
  { user, arrived, token }: { user: UserRecord; arrived: Arrived; token: string },
  at: Date,
): Promise<string> {
  const invite = await getInvite(tx, token, at)
  const isVouched = arrived.identity.emailVerified && arrived.email === invite.email
  // Somebody else's mailbox says nothing about the user's own.
  const invitee = isVouched ? { ...user, email: invite.email, emailVerifiedAt: at } : user
  const { id } = await acceptInvite(tx, app, caller, { token, user: invitee }, at)
  return id
}
