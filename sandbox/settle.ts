import { setTimeout as delay } from 'node:timers/promises'
import type { App } from '../src/app.ts'
import type { Sweep } from '../src/jobs/runJobs.ts'
import { untilRung } from '../src/webhooks/watchChanges.ts'

const LOOK_EVERY_MS = 20
const ROUNDS_OF_FOLLOWING_JOBS = 3

/** What had not come to rest when patience ended. */
export class Unsettled extends Error {
  constructor(pending: string[]) {
    super(`Still pending: ${pending.join(', ')}.`)
    this.name = 'Unsettled'
  }
}

/**
 * Runs every sweep at the app's time and waits until no job is due or running, those that jobs queue included.
 * A job that failed and waits to be tried later is at rest. Throws Unsettled when `patience` ends before that.
 */
export async function settle(app: App, sweeps: Sweep[], patience: AbortSignal): Promise<void> {
  const failures: unknown[] = []
  await untilRung(app)
  for (const sweep of sweeps) {
    const swept = sweep.run(app, app.now()).catch((cause: unknown) => {
      failures.push(new Error(`The sweep ${sweep.name} failed: ${(cause as Error).message}`, { cause }))
    })
    if (!(await endsWithin(patience, swept))) throw new Unsettled([`the sweep ${sweep.name}`])
  }
  const pending = await untilRest(app, patience)
  if (pending.length > 0) throw new Unsettled(pending)
  if (failures.length > 0) throw failures[0]
}

/** Waits until the jobs that are due now have run, and those they queued; tells whether `patience` lasted. */
export async function settleDueJobs(app: App, patience: AbortSignal): Promise<boolean> {
  // Not until nothing at all is due: under load that moment may never come.
  for (let round = 0; round < ROUNDS_OF_FOLLOWING_JOBS; round++) {
    const due = await activeJobs(app)
    if (due.length === 0) return true
    const newest = Math.max(...due.map((job) => job.newest))
    if ((await untilRest(app, patience, newest)).length > 0) return false
  }
  return true
}

/**
 * Lets time pass for jobs that wait, those named like one of these patterns or all of them: the moved clock is the service's,
 * theirs is PostgreSQL's.
 */
export async function bringJobsForward(app: App, seconds: number, named = ['%']): Promise<void> {
  await app.pool.query(
    `with moved as (
       select graphile_worker.reschedule_jobs(array[id], greatest(run_at - make_interval(secs => $1), now()))
       from graphile_worker.jobs where locked_at is null and run_at > now() and attempts < max_attempts
         and task_identifier like any($2)
     ), counted as (select count(*) as jobs from moved)
     select pg_notify('jobs:insert', json_build_object('count', jobs)::text) from counted where jobs > 0`,
    [seconds, named],
  )
}

/** What is still active when `patience` ends, in words; nothing when all came to rest. */
async function untilRest(app: App, patience: AbortSignal, newest?: number): Promise<string[]> {
  for (;;) {
    const active = await activeJobs(app, newest)
    if (active.length === 0) return []
    if (patience.aborted) return active.map(({ task, jobs }) => `${jobs} of the job ${task}`)
    await delay(LOOK_EVERY_MS)
  }
}

async function activeJobs(app: App, newest: number | null = null) {
  const { rows } = await app.pool.query<{ task: string; jobs: number; newest: number }>(
    `select task_identifier as task, count(*) as jobs, max(id) as newest from graphile_worker.jobs
     where (locked_at is not null or (run_at <= now() and attempts < max_attempts)) and ($1::bigint is null or id <= $1)
     group by task_identifier order by task_identifier`,
    [newest],
  )
  return rows
}

function endsWithin(patience: AbortSignal, work: Promise<unknown>): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const giveUp = () => resolve(false)
  patience.addEventListener('abort', giveUp, { once: true })
  if (patience.aborted) giveUp()
  work.then(() => resolve(true), reject).finally(() => patience.removeEventListener('abort', giveUp))
  return promise
}
