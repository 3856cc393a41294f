import { sql } from 'kysely'
import { changed, type Tx } from '../../db/transaction.ts'
import type { Role } from '../../http/actor.ts'
import { promiseSeatsOfAll } from './promiseSeats.ts'

/** Somebody in an account. */
export interface ImportedMember {
  accountId: string
  userId: string
  role: Role
  joinedAt: Date
}

/**
 * Writes who is in accounts that are new, or locked. They were members before, so no limit keeps them out; they count for
 * whoever comes after them.
 */
export async function importMembers(tx: Tx, members: ImportedMember[]): Promise<void> {
  if (members.length === 0) return
  const accountIds = [...new Set(members.map(({ accountId }) => accountId))]
  for (const { userId } of members) changed(tx, `user:${userId}`)
  for (const id of accountIds) changed(tx, `account:${id}`)
  await sql`
    insert into members (account_id, user_id, role, created_at)
    select * from unnest(
      ${members.map(({ accountId }) => accountId)}::uuid[], ${members.map(({ userId }) => userId)}::uuid[],
      ${members.map(({ role }) => role)}::text[], ${members.map(({ joinedAt }) => joinedAt)}::timestamptz[]
    )`.execute(tx)
  await promiseSeatsOfAll(tx, accountIds)
}
