import type { Db } from '../../db/database.ts'
import { pageBounds, pageFrom } from '../../http/pages.ts'

/** A page of a user's identities, the newest first. */
export async function listIdentities(db: Db, userId: string, query: { limit?: number; cursor?: string }) {
  const { limit, after } = pageBounds(query)
  const rows = await db
    .selectFrom('oauth_identities')
    .select(['id', 'provider', 'email', 'created_at', 'last_used_at'])
    .where('user_id', '=', userId)
    .$if(after !== null, (q) =>
      q.where((e) =>
        e(e.refTuple('created_at', 'id'), '<', e.tuple(after?.at ?? new Date(0), after?.id ?? '')),
      ),
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
      provider: row.provider,
      email: row.email,
      created_at: row.created_at.toISOString(),
      last_used_at: row.last_used_at.toISOString(),
    }),
  )
}
