import { sql } from 'kysely'
import type { Db } from './database.ts'

/** Forgets what changed more than a day ago, and what a restored dump says of transactions that are yet to come here. */
export async function forgetChanges({ db }: { db: Db }): Promise<void> {
  await sql`
    delete from changes
    where at < clock_timestamp() - interval '1 day' or xid >= pg_snapshot_xmax(pg_current_snapshot())`.execute(
    db,
  )
}
