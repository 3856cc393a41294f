import type { Db } from '../db/database.ts'
import type { UserActor } from '../http/actor.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'
import { describeDevice } from './describeDevice.ts'

/** A page of the user's live sessions, the newest first. */
export async function listSessions(
  db: Db,
  { userId, sessionId }: UserActor,
  query: { limit?: number; cursor?: string },
  at: Date,
) {
  const { limit, after } = pageBounds(query)
  const rows = await db
    .selectFrom('sessions')
    .select(['id', 'ip', 'user_agent', 'created_at', 'rotated_at', 'expires_at'])
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', at)
    .where('idle_expires_at', '>', at)
    .$if(after !== null, (q) =>
      q.where((e) => e(e.refTuple('created_at', 'id'), '<', e.tuple(after?.at ?? at, after?.id ?? ''))),
    )
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return pageFrom(
    rows,
    limit,
    (row) => ({ at: row.created_at, id: row.id }),
    (row) => ({
      id: row.id,
      current: row.id === sessionId,
      device: describeDevice(row.user_agent),
      ip: row.ip,
      created_at: row.created_at.toISOString(),
      last_seen_at: row.rotated_at.toISOString(),
      expires_at: row.expires_at.toISOString(),
    }),
  )
}
