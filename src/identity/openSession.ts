import { readSnapshot, type Snapshot } from '../access/snapshot.ts'
import type { App } from '../app.ts'
import type { Config } from '../config.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { type Asked, askForFactor } from './secondFactor/challenges.ts'
import { beginSession, newSessionId, type SignedInUser } from './sessions.ts'
import type { UserRecord } from './users.ts'

/** What came of a first step that was right: a session, or the question for the second factor. */
export type LetIn =
  | { kind: 'entered'; snapshot: Snapshot; user: Pick<UserRecord, 'id' | 'credentialsVersion'> }
  | { kind: 'asked'; asked: Asked }

/** The same for a way in by which nothing may tell whether somebody is known: then a mail's link begins the session. */
export type Entered = LetIn | { kind: 'mailed' }

/** Lets in whoever took the first step of a sign-in, or asks for their second factor, where they have one. */
export async function letIn(
  tx: Tx,
  app: App,
  caller: Caller,
  { user, ...first }: Pick<SignedInUser, 'method' | 'accountId'> & { user: UserRecord },
  at: Date,
): Promise<LetIn> {
  const signedIn = { ...first, userId: user.id, credentialsVersion: user.credentialsVersion }
  if (user.hasSecondFactor) return { kind: 'asked', asked: await askForFactor(tx, app, signedIn, at) }
  const snapshot = await openSession(tx, caller, app.config, { ...signedIn, factor: null }, at)
  return { kind: 'entered', snapshot, user }
}

/** Begins a session and reads what the reply to it takes. Issued together with what comes before, it takes no trip of its own. */
export async function openSession(
  tx: Tx,
  caller: Caller,
  config: Pick<Config, 'sessionDays' | 'sessionIdleDays' | 'sessionsPerUser'>,
  signedIn: Omit<SignedInUser, 'sessionId'>,
  at: Date,
): Promise<Snapshot> {
  const sessionId = newSessionId()
  const [, snapshot] = await Promise.all([
    beginSession(tx, caller, config, { ...signedIn, sessionId }, at),
    readSnapshot(tx, sessionId, null),
  ])
  if (!snapshot) throw new Error('The session that was just written cannot be read')
  return snapshot
}
