import type { Snapshot } from '../access/snapshot.ts'
import type { App } from '../app.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { openSession } from './openSession.ts'
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
  const signedIn = { userId, method: 'mail-link' as const, credentialsVersion }
  return { snapshot: await openSession(tx, caller, app.config, signedIn, at), user }
}
