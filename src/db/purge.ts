import { sql } from 'kysely'
import type { DB } from './tables.ts'
import type { Tx } from './transaction.ts'

/** What becomes of one table's rows of an account, or of a user, when nothing of theirs is kept but what has to be. */
export interface Purge {
  table: keyof DB
  run: (tx: Tx, id: string, at: Date) => Promise<unknown>
}

/** Deletes the rows whose column names the account or the user. */
export function deletes(table: keyof DB, column: 'account_id' | 'user_id'): Purge {
  return {
    table,
    run: (tx, id) => sql`delete from ${sql.table(table)} where ${sql.ref(column)} = ${id}`.execute(tx),
  }
}
