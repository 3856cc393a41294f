import { readSnapshot, type Snapshot } from '../access/snapshot.ts'
import { audit } from '../audit/audit.ts'
import { changed, type Tx } from '../db/transaction.ts'
import type { Caller, UserActor } from '../http/actor.ts'
import { problem } from '../problems.ts'

/** Makes another of the caller's open accounts the one their session works in. */
export async function switchAccount(
  tx: Tx,
  caller: Caller<UserActor>,
  accountId: string,
  at: Date,
): Promise<Snapshot> {
  const { userId, sessionId } = caller.actor
  const snapshot = await readSnapshot(tx, sessionId, accountId)
  if (!snapshot?.role || snapshot.account?.closedAt) throw problem('not-found')
  changed(tx, `session:${sessionId}`)
  await Promise.all([
    tx.updateTable('sessions').set({ account_id: accountId }).where('id', '=', sessionId).execute(),
    audit(
      tx,
      caller,
      { action: 'session.switched-account', userId, accountId, details: { session: sessionId } },
      at,
    ),
  ])
  return snapshot
}
