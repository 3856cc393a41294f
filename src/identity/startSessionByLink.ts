import { readSnapshot, type Snapshot } from '../access/snapshot.ts'
import type { App } from '../app.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { beginSession, newSessionId } from './sessions.ts'
import { findUser, type UserRecord } from './users.ts'

/** Signs in whoever has just proved to own the mailbox, where the link was mailed for that. */
export async function startSessionByLink(
  tx: Tx,
  app: App,
  caller: Caller,
  userId: string,
  at: Date,
): Promise<{ snapshot: Snapshot; user: UserRecord }> {
  const user = await findUser(tx, userId)
  if (!user) throw problem('token-unknown')
  const { credentialsVersion } = user
  const sessionId = newSessionId()
  const [, snapshot] = await Promise.all([
    beginSession(tx, caller, app.config, { sessionId, userId, method: 'mail-link', credentialsVersion }, at),
    readSnapshot(tx, sessionId, null),
  ])
  if (!snapshot) throw problem('token-unknown')
  return { snapshot, user }
}
