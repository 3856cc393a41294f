import type { Config } from '../config.ts'
import type { Db } from '../db/database.ts'
import type { Tx } from '../db/transaction.ts'
import { pageBounds, pageFrom } from '../http/pages.ts'
import { purgeDueAt, purgesWhatWentBy } from './deletion/rules.ts'

/** A page of a user's open accounts, or else of the closed ones that they can reopen; the newest membership first. */
export async function listAccounts(
  db: Db,
  config: Pick<Config, 'deletionGraceDays'>,
  userId: string,
  query: { limit?: number; cursor?: string; closed?: boolean },
  at: Date,
) {
  const { limit, after } = pageBounds(query)
  const rows = await db
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'members.account_id')
    .select([
      'accounts.id',
      'accounts.name',
      'accounts.closed_at',
      'members.role',
      'members.created_at as joined_at',
    ])
    .where('members.user_id', '=', userId)
    .$if(!query.closed, (q) => q.where('accounts.closed_at', 'is', null))
    .$if(query.closed === true, (q) =>
      q
        .where('accounts.closed_at', '>', purgesWhatWentBy(at, config))
        .where('accounts.purged_at', 'is', null)
        .where('members.role', '=', 'owner'),
    )
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
    ({ id, name, role, closed_at }) => ({
      id,
      name,
      role,
      ...(closed_at && {
        closed_at: closed_at.toISOString(),
        purge_due_at: purgeDueAt(closed_at, config).toISOString(),
      }),
    }),
  )
}

/** An account, locked until the transaction ends: its seats are counted and taken by one at a time. */
export async function lockAccount(
  tx: Tx,
  accountId: string,
): Promise<{
  id: string
  name: string
  createdAt: Date
  closedAt: Date | null
  purgedAt: Date | null
  requiresSecondFactor: boolean
} | null> {
  const account = await tx
    .selectFrom('accounts')
    .select([
      'id',
      'name',
      'created_at as createdAt',
      'closed_at as closedAt',
      'purged_at as purgedAt',
      'requires_second_factor as requiresSecondFactor',
    ])
    .where('id', '=', accountId)
    .forUpdate()
    .executeTakeFirst()
  return account ?? null
}
