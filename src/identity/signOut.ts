import type { App } from '../app.ts'
import { inTx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { readRefreshToken } from './refreshTokens.ts'
import { endSession } from './sessions.ts'

/** A session and whose it is. */
export interface OwnedSession {
  sessionId: string
  userId: string
}

/** Ends a session because its user asked for it; harmless for one that is over. */
export async function signOut(app: App, caller: Caller, session: OwnedSession, at: Date): Promise<void> {
  const actor = { kind: 'user', ...session, accountId: null, role: null } as const
  await inTx(app, (tx) => endSession(tx, { ...caller, actor }, { ...session, because: 'signed-out' }, at))
}

/** The session that a refresh token is of, whichever of its tokens this is; null when we made no such token. */
export async function findSessionOfToken({ db, config }: App, text: string): Promise<OwnedSession | null> {
  const token = readRefreshToken(config.secrets, text)
  if (!token) return null
  const { sessionId } = token
  const row = await db.selectFrom('sessions').select('user_id').where('id', '=', sessionId).executeTakeFirst()
  return row ? { sessionId, userId: row.user_id } : null
}
