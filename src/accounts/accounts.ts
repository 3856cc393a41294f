import type { Db } from '../db/database.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'

/** A page of a user's open accounts, the newest membership first. */
export async function listAccounts(db: Db, userId: string, query: { limit?: number; cursor?: string }) {
  const { limit, after } = pageBounds(query)
  const rows = await db
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'members.account_id')
    .select(['accounts.id', 'accounts.name', 'members.role', 'members.created_at as joined_at'])
    .where('members.user_id', '=', userId)
    .where('accounts.closed_at', 'is', null)
    .$if(after !== null, (q) =>
      q.where((e) =>
        e(
          e.refTuple('members.created_at', 'accounts.id'),
          '<',
          e.tuple(after?.at ?? new Date(0), after?.id ?? ''),
        ),
      ),
    )
    .orderBy('members.created_at', 'desc')
    .orderBy('accounts.id', 'desc')
    .limit(limit + 1)
    .execute()
  return pageFrom(
    rows,
    limit,
    (row) => ({ at: row.joined_at, id: row.id }),
    ({ id, name, role }) => ({ id, name, role }),
  )
}
