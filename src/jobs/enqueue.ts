import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../db/database.ts'

/** A named promise of work; `Payload` is what its handler is told. */
export interface Job<Payload extends object> {
  name: string
  /** Of jobs that wait, those with the lowest number are taken first. */
  priority: number
  /** How often it is tried before it is given up; the waits grow to six hours. */
  maxAttempts: number
  /** Only for the compiler. */
  payload?: Payload
}

/**
 * Names a job. Its handler is listed in src/worker.ts. One that is `patient` lets all others go first: for work that may
 * come in thousands, while a single mail should not wait behind it.
 */
export function job<Payload extends object>(
  name: string,
  { patient = false, maxAttempts = 25 } = {},
): Job<Payload> {
  return { name, priority: patient ? 10 : 0, maxAttempts }
}

export interface JobOptions {
  /** While a job of this key waits, another one is not added; one that runs already does not count. */
  key?: string
  /** It does not run before, by the clock of the database. A job of the key that waits already is not put off. */
  delaySeconds?: number
  /** A query from `from` on, with at most one row: nothing is promised where it has none. */
  onlyIf?: RawBuilder<unknown>
}

/** Promises a job in the same commit: it runs at least once after it, and never if the commit fails. */
export async function enqueue<Payload extends object>(
  tx: Db,
  { name, priority, maxAttempts }: Job<Payload>,
  payload: Payload,
  { key, delaySeconds, onlyIf = sql`` }: JobOptions = {},
): Promise<void> {
  const promised = sql`${name}, ${JSON.stringify(payload)}::json, priority => ${priority}::int, max_attempts => ${maxAttempts}::int`
  const keyed = key === undefined ? sql`` : sql`, job_key => ${key}, job_key_mode => 'preserve_run_at'`
  const delayed =
    delaySeconds === undefined
      ? sql``
      : sql`, run_at => clock_timestamp() + make_interval(secs => ${delaySeconds}::float8)`
  for (;;) {
    const { rows } = await sql<{ id: string | null }>`
      select (graphile_worker.add_job(${promised}${keyed}${delayed})).id ${onlyIf}`.execute(tx)
    // A job of that key that a worker takes at this very moment keeps the library from adding another one, silently.
    if (rows[0]?.id !== null) return
  }
}
