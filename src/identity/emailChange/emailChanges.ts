import { sql } from 'kysely'
import type { App } from '../../app.ts'
import type { Db } from '../../db/database.ts'
import { inTx, type Tx } from '../../db/transaction.ts'
import { problem } from '../../problems.ts'
import { hashToken } from '../../secrets/mailedTokens.ts'
import { type EmailChangeEnd, type EmailChangeFacts, whyChangeIsOver } from '../rules.ts'
import { isAddressTaken, lockUser, type UserRecord } from '../users.ts'

/** A change of address, as one of its three links leads to it. */
export interface EmailChange extends EmailChangeFacts {
  id: string
  userId: string
  sessionId: string
  createdAt: Date
  oldEmail: string
  /** Null where the old address was never proved: nobody there is asked. */
  oldVerifiedAt: Date | null
  newEmail: string
}

/**
 * Runs `work` in a transaction that holds the user of a mailed token, so that what it is told still holds when it
 * commits. Throws why the token is void, and `email-already-registered` when `work` gives an address that is taken.
 */
export async function withEmailChange<T>(
  app: App,
  token: string,
  at: Date,
  work: (tx: Tx, found: { user: UserRecord; change: EmailChange }) => Promise<T>,
): Promise<T> {
  const tokenHash = hashToken(token)
  const known = await findEmailChange(app.db, tokenHash)
  if (!known) throw problem('token-unknown')
  try {
    return await inTx(app, async (tx) => {
      const [user, change] = await Promise.all([lockUser(tx, known.userId), findEmailChange(tx, tokenHash)])
      if (!user || !change) throw problem('token-canceled')
      const over = whyChangeIsOver(change, at)
      if (over) throw problem(over)
      return work(tx, { user, change })
    })
  } catch (error) {
    throw isAddressTaken(error) ? problem('email-already-registered') : error
  }
}

/** Ends the change of address that a user has pending, if any. One that is done stays, and so does the way to take it back. */
export async function endEmailChanges(
  tx: Tx,
  userId: string,
  because: EmailChangeEnd,
  at: Date,
): Promise<void> {
  await tx
    .updateTable('email_changes')
    .set({ ended_at: at, ended_because: because })
    .where('user_id', '=', userId)
    .where('changed_at', 'is', null)
    .where('ended_at', 'is', null)
    .execute()
}

async function findEmailChange(db: Db, tokenHash: Buffer): Promise<EmailChange | null> {
  const row = await db
    .selectFrom('email_changes')
    .select([
      'id',
      'user_id as userId',
      'session_id as sessionId',
      'created_at as createdAt',
      'old_email as oldEmail',
      'old_verified_at as oldVerifiedAt',
      'new_email as newEmail',
      'expires_at as expiresAt',
      'changed_at as changedAt',
      'undo_until as undoUntil',
      sql<EmailChangeEnd | null>`ended_because`.as('endedBecause'),
      sql<EmailChange['side']>`case ${tokenHash}::bytea
        when old_token_hash then 'old' when new_token_hash then 'new' else 'undo' end`.as('side'),
    ])
    .where((e) =>
      e.or([
        e('old_token_hash', '=', tokenHash),
        e('new_token_hash', '=', tokenHash),
        e('undo_token_hash', '=', tokenHash),
      ]),
    )
    .executeTakeFirst()
  return row ?? null
}
