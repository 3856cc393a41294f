import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import { changed, type Tx } from '../db/transaction.ts'

/** What an account can have otherwise than its plan, and where that is kept. */
const kept = {
  feature: { table: 'account_features', column: 'value' },
  limit: { table: 'account_limits', column: 'amount' },
} as const

/** One of them. */
export type Overridable = keyof typeof kept

/** What an account has instead of what its plan has, until an instant or for good. */
export interface Override {
  name: string
  /** On or off for a feature; for a limit how much, and null for any amount. */
  value: boolean | number | null
  until: Date | null
  reason: string
  setBy: string
  setAt: Date
}

/** Every override of an account, also those whose time is over. */
export async function overridesOf(db: Db, kind: Overridable, accountId: string): Promise<Override[]> {
  const { table, column } = kept[kind]
  const { rows } = await sql<Override>`
    select name, ${sql.ref(column)} as value, until_at as until, reason, set_by as "setBy", set_at as "setAt"
    from ${sql.table(table)} where account_id = ${accountId} order by name`.execute(db)
  return rows
}

/** Gives an account a value of its own, in place of one that it may have had. */
export async function setOverride(
  tx: Tx,
  kind: Overridable,
  accountId: string,
  { name, value, until, reason, setBy, setAt }: Override,
): Promise<void> {
  const { table, column } = kept[kind]
  changed(tx, `account:${accountId}`)
  await sql`
    insert into ${sql.table(table)} (account_id, name, ${sql.ref(column)}, until_at, reason, set_by, set_at)
    values (${accountId}, ${name}, ${value}, ${until}, ${reason}, ${setBy}, ${setAt})
    on conflict (account_id, name) do update set
      (${sql.ref(column)}, until_at, reason, set_by, set_at) =
      (excluded.${sql.ref(column)}, excluded.until_at, excluded.reason, excluded.set_by, excluded.set_at)`.execute(
    tx,
  )
}

/** Takes an override back: what the plan has holds again. */
export async function clearOverride(
  tx: Tx,
  kind: Overridable,
  accountId: string,
  name: string,
): Promise<void> {
  changed(tx, `account:${accountId}`)
  await sql`delete from ${sql.table(kept[kind].table)} where account_id = ${accountId} and name = ${name}`.execute(
    tx,
  )
}
