import { sql } from 'kysely'
import type { Db } from './database.ts'

/**
 * Forgets what changed more than a day ago. A restored dump has rows of transactions that are yet to come here, which may
 * commit just now: only its age says that a row is none of theirs.
 */
export async function forgetChanges({ db }: { db: Db }): Promise<void> {
  await sql`delete from changes where at < clock_timestamp() - interval '1 day'`.execute(db)
}
