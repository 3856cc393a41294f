import { sql } from 'kysely'
import { audit } from '../audit/audit.ts'
import type { Tx } from '../db/transaction.ts'
import type { Caller, OperatorActor } from '../http/actor.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'

/**
 * A page of accounts with this id, or whose name or member's address contains the query; all accounts
 * without one. The trail notes that somebody searched, but not for whom.
 */
export async function findAccounts(
  tx: Tx,
  caller: Caller<OperatorActor>,
  query: { query?: string; limit?: number; cursor?: string },
  at: Date,
) {
  const { limit, after } = pageBounds(query)
  const words = query.query?.trim().toLowerCase() || null
  const found = words ? sql`${matching(words)} f join accounts a on a.id = f.id` : sql`accounts a`
  const { rows } = await sql<{
    id: string
    name: string
    created_at: Date
    closed_at: Date | null
    members: number
  }>`
    select a.id, a.name, a.created_at, a.closed_at, (select count(*) from members where account_id = a.id) as members
    from ${found}
    where ${after?.at ?? null}::timestamptz is null or (a.created_at, a.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid)
    order by a.created_at desc, a.id desc
    limit ${limit + 1}`.execute(tx)
  await audit(tx, caller, { action: 'operator.searched-accounts' }, at)
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

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The ids of accounts that words find, each by an index of its own: one condition for all three would have none. */
function matching(words: string) {
  const pattern = `%${words.replace(/[\\%_]/g, '\\$&')}%`
  return sql`(
      select id from accounts where id = ${UUID.test(words) ? words : null}::uuid
      union
      select id from accounts where lower(name) like ${pattern}
      union
      select m.account_id from users u join members m on m.user_id = u.id where u.email like ${pattern})`
}
