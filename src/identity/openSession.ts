import { readSnapshot, type Snapshot } from '../access/snapshot.ts'
import type { Config } from '../config.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { beginSession, newSessionId, type SignedInUser } from './sessions.ts'
import type { UserRecord } from './users.ts'

/** What came of somebody's way in: a session, or a mail whose link begins one, where nothing may tell whether they are known. */
export type Entered =
  | { kind: 'entered'; snapshot: Snapshot; user: Pick<UserRecord, 'id' | 'credentialsVersion'> }
  | { kind: 'mailed' }

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
