import type { Db } from '../db/database.ts'
import type { Tx } from '../db/transaction.ts'
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

/** An account, locked until the transaction ends: its seats are counted and taken by one at a time. */
export async function lockAccount(
  tx: Tx,
  accountId: string,
): Promise<{ id: string; name: string; closedAt: Date | null } | null> {
  const account = await tx
    .selectFrom('accounts')
    .select(['id', 'name', 'closed_at as closedAt'])
    .where('id', '=', accountId)
    .forUpdate()
    .executeTakeFirst()
  return account ?? null
}
