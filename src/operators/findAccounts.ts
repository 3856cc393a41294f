import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'

/** A page of accounts whose id, name or member's address contains the query; all accounts without one. */
export async function findAccounts(db: Db, query: { query?: string; limit?: number; cursor?: string }) {
  const { limit, after } = pageBounds(query)
  const pattern = query.query ? `%${query.query.toLowerCase().replace(/[\\%_]/g, '\\$&')}%` : null
  const { rows } = await sql<{
    id: string
    name: string
    created_at: Date
    closed_at: Date | null
    members: number
  }>`
    select a.id, a.name, a.created_at, a.closed_at, (select count(*) from members where account_id = a.id) as members
    from accounts a
    where (${pattern}::text is null or a.id::text = ${query.query ?? null} or lower(a.name) like ${pattern}
        or exists (select from members m join users u on u.id = m.user_id where m.account_id = a.id and u.email like ${pattern}))
      and (${after?.at ?? null}::timestamptz is null or (a.created_at, a.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    order by a.created_at desc, a.id desc
    limit ${limit + 1}`.execute(db)
  return pageFrom(
    rows,
    limit,
    (row) => ({ at: row.created_at, id: row.id }),
    (row) => ({
      id: row.id,
      name: row.name,
      members: row.members,
      created_at: row.created_at.toISOString(),
      closed_at: row.closed_at?.toISOString() ?? null,
    }),
  )
}
