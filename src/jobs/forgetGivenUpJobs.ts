import { sql } from 'kysely'
import type { App } from '../app.ts'

const KEPT_FOR_DAYS = 30

/** Forgets jobs that were given up long ago, as mails to servers that never answered: addresses are in them. */
export async function forgetGivenUpJobs({ db }: App, at: Date): Promise<void> {
  const oldest = new Date(at.getTime() - KEPT_FOR_DAYS * 86_400_000)
  await sql`
    select graphile_worker.complete_jobs(array(
      select id from graphile_worker.jobs
      where attempts >= max_attempts and locked_at is null and run_at < ${oldest}))`.execute(db)
}
