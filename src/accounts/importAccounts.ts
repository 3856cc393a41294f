import { sql } from 'kysely'
import { changed, type Tx } from '../db/transaction.ts'

/** Writes accounts that were somewhere else before. Their names count as chosen, and they have no members yet. */
export async function importAccounts(
  tx: Tx,
  accounts: { id: string; name: string; createdAt: Date }[],
  at: Date,
): Promise<void> {
  if (accounts.length === 0) return
  for (const { id } of accounts) changed(tx, `account:${id}`)
  await sql`
    insert into accounts (id, name, named_at, created_at)
    select id, name, ${at}, created_at from unnest(
      ${accounts.map(({ id }) => id)}::uuid[], ${accounts.map(({ name }) => name)}::text[],
      ${accounts.map(({ createdAt }) => createdAt)}::timestamptz[]
    ) as n(id, name, created_at)`.execute(tx)
}

/** Gives accounts the names that they have elsewhere now. */
export async function renameImportedAccounts(
  tx: Tx,
  accounts: { id: string; name: string }[],
  at: Date,
): Promise<void> {
  if (accounts.length === 0) return
  for (const { id } of accounts) changed(tx, `account:${id}`)
  await sql`
    update accounts a set name = n.name, named_at = ${at}
    from unnest(${accounts.map(({ id }) => id)}::uuid[], ${accounts.map(({ name }) => name)}::text[]) as n(id, name)
    where a.id = n.id`.execute(tx)
}
