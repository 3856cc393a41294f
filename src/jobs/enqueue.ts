import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../db/database.ts'
import { currentTraceparent } from '../tracing/spans.ts'

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
 * come in thousands, while a single mail should not wait behind it. One that goes `last` lets even those go first.
 */
export function job<Payload extends object>(
  name: string,
  { patient = false, last = false, maxAttempts = 25 } = {},
): Job<Payload> {
  return { name, priority: last ? 20 : patient ? 10 : 0, maxAttempts }
}

export interface JobOptions {
  /** While a job of this key waits, another one is not added; one that runs already does not count. */
  key?: string
  /** It does not run before, by the clock of the database. A job of the key that waits already is not put off. */
  delaySeconds?: number
  /** A query from `from` on, with at most one row: nothing is promised where it has none. */
  onlyIf?: RawBuilder<unknown>
}

/** What a job is told, with the trace that it belongs to, if there is one. */
export function withTrace(payload: object): object {
  const traceparent = currentTraceparent()
  return traceparent === undefined ? payload : { ...payload, traceparent }
}

/** Promises a job in the same commit: it runs at least once after it, and never if the commit fails. */
export async function enqueue<Payload extends object>(
  tx: Db,
  { name, priority, maxAttempts }: Job<Payload>,
  payload: Payload,
  { key, delaySeconds, onlyIf = sql`` }: JobOptions = {},
): Promise<void> {
  const promised = sql`${name}, ${JSON.stringify(withTrace(payload))}::json, priority => ${priority}::int, max_attempts => ${maxAttempts}::int`
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

/**
 * Promises one job for each payload, in one statement; of each key one waits at a time, and none runs before the delay is
 * over.
 */
export async function enqueueAll<Payload extends object>(
  tx: Db,
  promised: Job<Payload>,
  jobs: { payload: Payload; key: string }[],
  options: Pick<JobOptions, 'delaySeconds'> = {},
): Promise<void> {
  if (jobs.length === 0) return
  const { name, priority, maxAttempts } = promised
  const { rows } = await sql<{ key: string; id: string | null }>`
    select j.key, (graphile_worker.add_job(
      ${name}, j.payload, priority => ${priority}::int, max_attempts => ${maxAttempts}::int,
      job_key => j.key, job_key_mode => 'preserve_run_at',
      run_at => clock_timestamp() + make_interval(secs => ${options.delaySeconds ?? null}::float8)
    )).id
    from unnest(
      ${jobs.map(({ payload }) => JSON.stringify(payload))}::json[], ${jobs.map(({ key }) => key)}::text[]
    ) as j(payload, key)`.execute(tx)
  const lost = new Set(rows.filter(({ id }) => id === null).map(({ key }) => key))
  for (const { payload, key } of jobs)
    if (lost.has(key)) await enqueue(tx, promised, payload, { key, ...options })
}
