import { sql } from 'kysely'
import type { App } from '../app.ts'

const KEPT_FOR_DAYS = 30
const BATCH = 5_000

/** Forgets messages with their deliveries, whatever became of them, some at a time; and secrets that sign nothing any more. */
export async function forgetMessages(app: App, at: Date): Promise<void> {
  const oldest = new Date(at.getTime() - KEPT_FOR_DAYS * 86_400_000)
  await sql`
    delete from webhook_messages where id in (
      select id from webhook_messages where created_at < ${oldest} order by created_at limit ${BATCH})`.execute(
    app.db,
  )
  await app.db.deleteFrom('webhook_secrets').where('until_at', '<=', at).execute()
}
