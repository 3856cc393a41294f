import { sql } from 'kysely'
import type { App } from '../../app.ts'

const KEPT_FOR_DAYS = 90
const BATCH = 5_000

/**
 * Forgets events that were settled long ago, some at a time. One that is delivered once more after that is kept and
 * followed anew, which finds nothing to change. What is parked stays until somebody has seen to it.
 */
export async function forgetEvents(app: App, at: Date): Promise<void> {
  const oldest = new Date(at.getTime() - KEPT_FOR_DAYS * 86_400_000)
  await sql`
    delete from stripe_events where id in (
      select id from stripe_events
      where received_at < ${oldest} and status in ('handled', 'ignored')
      order by received_at limit ${BATCH})`.execute(app.db)
}
