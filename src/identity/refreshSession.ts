import { CompiledQuery } from 'kysely'
import { type Snapshot, type SnapshotRow, snapshotFrom, snapshotOf } from '../access/snapshot.ts'
import type { App } from '../app.ts'
import { inTx, type Tx } from '../db/transaction.ts'
import type { Caller } from '../http/actor.ts'
import { problem } from '../problems.ts'
import { describeDevice } from './describeDevice.ts'
import { notifyUser } from './notifyUser.ts'
import { makeRefreshToken, type RefreshToken, readRefreshToken } from './refreshTokens.ts'
import { decideRefresh, type RefreshVerdict } from './rules.ts'
import { endSession } from './sessions.ts'

const DAY = 86_400_000

export interface RefreshedSession {
  snapshot: Snapshot
  refreshToken: string
}

/**
 * Takes a refresh token for its successor: one guarded statement, which also reads what the reply needs. A
 * token that was copied ends the session for both holders; that end is committed before the refusal.
 */
export async function refreshSession(
  app: App,
  caller: Caller,
  text: string,
  at: Date,
): Promise<RefreshedSession> {
  const token = readRefreshToken(app.config.secrets, text)
  if (!token) throw problem('session-expired')
  for (;;) {
    const found = await rotate(app, caller, token, at)
    if (!found) throw problem('session-expired')
    const { snapshot, rotated } = found
    const verdict: RefreshVerdict = rotated
      ? { kind: 'repeat' }
      : decideRefresh(snapshot.session, token.generation, at)
    switch (verdict.kind) {
      case 'repeat': {
        const { id: sessionId, generation } = snapshot.session
        return { snapshot, refreshToken: makeRefreshToken(app.config.secrets, { sessionId, generation }) }
      }
      case 'rotate':
        // Another request rotated it after our statement began: look again, at what that one left.
        continue
      case 'reuse':
        if (await inTx(app, (tx) => endReused(tx, caller, snapshot, at)))
          app.metrics.refreshTokensReused.inc()
        throw problem('session-expired')
      case 'ended':
        throw problem('session-expired')
    }
  }
}

async function rotate(
  app: App,
  caller: Caller,
  { sessionId, generation }: RefreshToken,
  at: Date,
): Promise<{ snapshot: Snapshot; rotated: boolean } | null> {
  const idleEnds = new Date(at.getTime() + app.config.sessionIdleDays * DAY)
  const parameters = [sessionId, null, generation, at, idleEnds, caller.ip, caller.userAgent]
  const query = CompiledQuery.raw(statement, parameters) as CompiledQuery<SnapshotRow & { rotated: boolean }>
  const { rows } = await app.db.executeQuery(query)
  return rows[0] ? { snapshot: snapshotFrom(rows[0]), rotated: rows[0].rotated } : null
}

const statement = snapshotOf(`
  rotated as (
    update sessions set
      generation = generation + 1, rotated_at = $4, ip = $6, user_agent = $7,
      idle_expires_at = least($5::timestamptz, expires_at)
    where id = $1 and generation = $3 and revoked_at is null and expires_at > $4 and idle_expires_at > $4
    returning *
  ), s as (
    select *, true as rotated from rotated
    union all
    select *, false from sessions where id = $1 and not exists (select from rotated)
  )`)

async function endReused(tx: Tx, caller: Caller, { session, user }: Snapshot, at: Date): Promise<boolean> {
  const ended = await endSession(tx, caller, { userId: user.id, sessionId: session.id, because: 'reuse' }, at)
  if (!ended) return false
  const fill = { device: describeDevice(caller.userAgent), when: at.toUTCString() }
  await notifyUser(tx, user, { template: 'session-reused', fill, path: '/sign-in' }, at)
  return true
}
