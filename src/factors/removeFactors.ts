import { sql } from 'kysely'
import type { Tx } from '../db/transaction.ts'
import { columnOf, type Holder } from './holder.ts'

/** Takes all factors of a holder away, with offers and challenges that are out. */
export async function removeFactors(tx: Tx, holder: Holder): Promise<void> {
  await Promise.all(tables.map((table) => removeFrom(tx, table, holder)))
}

/** Every table with something of a holder's. */
export const tables = [
  'factor_totp',
  'factor_recovery_codes',
  'factor_passkeys',
  'factor_passkey_challenges',
] as const

async function removeFrom(tx: Tx, table: (typeof tables)[number], holder: Holder): Promise<void> {
  await sql`delete from ${sql.table(table)} where ${sql.ref(columnOf(holder))} = ${holder.id}`.execute(tx)
}
