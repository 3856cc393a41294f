import { sql } from 'kysely'
import type { Db } from '../db/database.ts'

/** A named promise of work; `Payload` is what its handler is told. */
export interface Job<Payload extends object> {
  name: string
  /** Only for the compiler. */
  payload?: Payload
}

/** Names a job. Its handler is listed in src/worker.ts. */
export function job<Payload extends object>(name: string): Job<Payload> {
  return { name }
}

export interface JobOptions {
  /** While a job of this key waits, another one is not added; one that runs already does not count. */
  key?: string
  delaySeconds?: number
}

/** Promises a job in the same commit: it runs at least once after it, and never if the commit fails. */
export async function enqueue<Payload extends object>(
  tx: Db,
  { name }: Job<Payload>,
  payload: Payload,
  { key, delaySeconds = 0 }: JobOptions = {},
): Promise<void> {
  await (key === undefined
    ? sql`select from graphile_worker.add_job(${name}, ${JSON.stringify(payload)}::json)`
    : sql`select from graphile_worker.add_job(${name}, ${JSON.stringify(payload)}::json, job_key => ${key},
        job_key_mode => 'preserve_run_at', run_at => now() + make_interval(secs => ${delaySeconds}::float8))`
  ).execute(tx)
}
