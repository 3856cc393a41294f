import type { App } from '../app.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { type LetIn, letIn } from './openSession.ts'
import { findUser } from './users.ts'

/** Signs in whoever has just proved to own the mailbox, where the link was mailed for that. */
export async function startSessionByLink(
  tx: Tx,
  app: App,
  caller: Caller,
  userId: string,
  at: Date,
): Promise<LetIn> {
  const user = await findUser(tx, userId)
  if (!user) throw problem('token-unknown')
  return letIn(tx, app, caller, { user, method: 'mail-link' }, at)
}
