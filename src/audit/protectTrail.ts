import { sql } from 'kysely'
import type { App } from '../app.ts'
import type { Db } from '../db/database.ts'
import { inTx } from '../db/transaction.ts'

/** Any number that nothing else locks. */
const TRAIL_LOCK = 4_100_023

/**
 * Takes the rights to change the trail from whoever this is, as a migration did once: a restore that leaves rights out gives them
 * back to the owner. Harmless where they are gone, and when several processes do so at once.
 */
export async function protectTrail(app: App): Promise<void> {
  if (!(await isTrailOpen(app.db))) return
  await inTx(app, async (tx) => {
    // PostgreSQL refuses the second of two changes of one table's rights.
    await sql`select pg_advisory_xact_lock(${TRAIL_LOCK})`.execute(tx)
    await sql`revoke update, delete, truncate on audit_log from current_user`.execute(tx)
    await sql`grant update (ip, user_agent) on audit_log to current_user`.execute(tx)
  })
}

/** Says in the log that the trail can be changed by whoever this is: a superuser, or somebody whom the owner gave the right. */
export async function warnOfOpenTrail({ db, log }: Pick<App, 'db' | 'log'>): Promise<void> {
  if (!(await isTrailOpen(db))) return
  log.warn(
    'the user in DATABASE_URL may change and delete lines of audit_log: serve as one who is no superuser',
  )
}

async function isTrailOpen(db: Db): Promise<boolean> {
  const { rows } = await sql<{ isOpen: boolean }>`
    select has_table_privilege('audit_log', 'update, delete, truncate') as "isOpen"`.execute(db)
  return rows[0]?.isOpen === true
}
