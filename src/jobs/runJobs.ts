import { setTimeout as sleep } from 'node:timers/promises'
import {
  type JobHelpers,
  Logger,
  parseCronItems,
  type Runner,
  type RunnerOptions,
  run,
  type TaskList,
} from 'graphile-worker'
import pg from 'pg'
import type { App } from '../app.ts'
import { PrimaryClient } from '../db/primaryClient.ts'
import type { Log } from '../http/log.ts'
import type { Job } from './enqueue.ts'
import { WorkerLeases } from './workerLeases.ts'

/** A durable handler: calls one operation, and may be run again for the same payload. */
export interface JobHandler {
  name: string
  run: (app: App, payload: object) => Promise<void>
}

/** Work over rows that are due at `at`, once a minute by one of the workers; finding nothing due is normal. */
export interface Sweep {
  name: string
  run: (app: App, at: Date) => Promise<void>
}

/** Ties a job to its handler. */
export function handles<Payload extends object>(
  { name }: Job<Payload>,
  run: (app: App, payload: Payload) => Promise<void>,
): JobHandler {
  return { name, run: run as JobHandler['run'] }
}

export interface Worker {
  /** Lets running jobs finish; what is left stays promised. */
  stop: () => Promise<void>
}

const START_AGAIN_AFTER_MS = 1_000
const ANSWER_WITHIN_MS = 30_000

/**
 * Starts taking jobs. Several processes may do so; each job goes to one of them. A database that goes away is
 * waited for.
 */
export async function runJobs(app: App, handlers: JobHandler[], sweeps: Sweep[]): Promise<Worker> {
  const opened = new AsyncDisposableStack()
  try {
    const pool = openPool(app)
    opened.defer(() => pool.end())
    const leases = await WorkerLeases.open(app)
    opened.defer(() => leases.release())
    const parts = { pool, sweeps, tasks: taskList(app, handlers, sweeps) }
    const kept = await keepRunning(app.log, () => start(app, parts, leases))
    opened.defer(() => kept.stop())
    return { stop: () => opened.disposeAsync() }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

interface Started {
  runner: Runner
  /** Settles when it has stopped, asked to or not. */
  ended: Promise<unknown>
}

async function start(app: App, parts: Omit<RunnerParts, 'hold'>, leases: WorkerLeases): Promise<Started> {
  const names = new Set<string>()
  const hold = (worker: string) => {
    names.add(worker)
    return leases.hold(worker)
  }
  const runner = await run(runnerOptions(app, { ...parts, hold }))
  // The answer that was lost may have been a job, now locked under our name. Once the name is given up it is freed.
  runner.events.once('worker:getJob:error', () => void runner.stop().catch(() => undefined))
  const ended = runner.promise.finally(() => Promise.all([...names].map((name) => leases.drop(name))))
  return { runner, ended }
}

/** The library's runner ends when it cannot note what became of a job, as when the database is away. */
async function keepRunning(log: Log, begin: () => Promise<Started>): Promise<Worker> {
  const stopping = new AbortController()
  let current: Started | undefined = await begin()

  async function keep(): Promise<void> {
    for (;;) {
      await current?.ended.catch(() => undefined)
      if (stopping.signal.aborted) return
      current = undefined
      log.warn('the worker stopped by itself and is started again')
      await sleep(START_AGAIN_AFTER_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      current = await begin().catch((error: unknown) => void log.warn({ error }, 'the worker does not start'))
      if (stopping.signal.aborted) await current?.runner.stop()
    }
  }
  const keeping = keep()
  return {
    async stop() {
      stopping.abort()
      await current?.runner.stop().catch(() => undefined)
      await keeping
    },
  }
}

/**
 * Takes back each connection once. When the one that the library listens on breaks just as the worker stops, it is given
 * back twice, and the refusal of the second time, which nobody awaits, would end the process.
 */
class ForgivingPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>
  override connect(callback: Taken): void
  override connect(callback?: Taken): Promise<pg.PoolClient> | undefined {
    if (!callback) return super.connect()
    super.connect((error, client, giveBack) => {
      if (!client) return callback(error, client, giveBack)
      let isBack = false
      callback(error, client, (reason) => {
        if (!isBack) giveBack(reason)
        isBack = true
      })
    })
    return undefined
  }
}

type Taken = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  giveBack: (reason?: Error | boolean) => void,
) => void

function openPool({ config }: App): pg.Pool {
  const pool = new ForgivingPool({
    connectionString: config.databaseDirectUrl.reveal(),
    Client: PrimaryClient,
    max: config.workerConcurrency + 2,
    connectionTimeoutMillis: 10_000,
    query_timeout: ANSWER_WITHIN_MS,
    keepAlive: true,
    application_name: 'frontgate jobs',
  })
  // A connection that breaks is replaced; without a listener the event would end the process.
  pool.on('error', () => undefined)
  // The library asks for it in words.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

interface RunnerParts {
  pool: pg.Pool
  tasks: TaskList
  sweeps: Sweep[]
  /** Holds the lease of a worker before it takes its first job. */
  hold: (worker: string) => Promise<void>
}

function runnerOptions({ config, log }: App, { pool, tasks, sweeps, hold }: RunnerParts): RunnerOptions {
  return {
    pgPool: pool,
    concurrency: config.workerConcurrency,
    noHandleSignals: true,
    logger: quietLogger(log),
    taskList: tasks,
    // A sweep that fails is tried again until the next one takes its place.
    parsedCronItems: parseCronItems(
      sweeps.map(({ name }) => ({
        task: name,
        match: '* * * * *',
        identifier: name,
        options: { jobKey: name },
      })),
    ),
    preset: {
      worker: {
        // A quarter of the time is left for what follows.
        gracefulShutdownAbortTimeout: config.shutdownSeconds * 750,
        // Not to batch: only then does the library catch what goes wrong when it notes the end of a job.
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
      plugins: [
        {
          name: 'leases',
          version: '1',
          // Jobs are locked under the name of the pool.
          worker: { hooks: { startWorker: (_context, { worker }) => hold(worker.workerPool.id) } },
        },
      ],
    },
  }
}

function taskList(app: App, handlers: JobHandler[], sweeps: Sweep[]): TaskList {
  return Object.fromEntries([
    ...handlers.map(({ name, run }) => [name, observed(app, name, (payload) => run(app, payload))]),
    ...sweeps.map(({ name, run }) => [name, observed(app, name, () => run(app, app.now()))]),
  ])
}

function observed(app: App, job: string, work: (payload: object) => Promise<void>) {
  // What an alert looks for an increase of has to be there before it happens.
  app.metrics.jobs.inc({ job, outcome: 'given-up' }, 0)
  const { metrics, tracing } = app
  async function run(payload: object, { job: { attempts, max_attempts }, abortSignal }: JobHelpers) {
    const took = metrics.jobSeconds.startTimer({ job })
    try {
      await unlessAborted(abortSignal, work(payload))
      metrics.jobs.inc({ job, outcome: 'done' })
    } catch (error) {
      const isLast = attempts >= max_attempts
      metrics.jobs.inc({ job, outcome: isLast ? 'given-up' : 'failed' })
      if (isLast) app.log.error({ job, attempts, error }, 'job failed for the last time and was given up')
      else app.log.warn({ job, attempts, error }, 'job failed, it will be tried again')
      throw error
    } finally {
      took()
    }
  }
  return (told: unknown, given: JobHelpers) => {
    const { traceparent, ...payload } = told as { traceparent?: unknown }
    if (!tracing) return run(payload, given)
    const attributes = { 'frontgate.job': job, 'frontgate.attempt': given.job.attempts }
    return tracing.trace({ name: job, kind: 'job', attributes }, traceparent, () => run(payload, given))
  }
}

/** What does not end when the process has to is given back, to be run again. */
async function unlessAborted(signal: AbortSignal, work: Promise<void>): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const giveBack = () => reject(new Error('The process ended before the job did'))
  signal.addEventListener('abort', giveBack)
  try {
    await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', giveBack)
  }
}

function quietLogger(log: Log): Logger {
  return new Logger(() => (level, message) => {
    if (level === 'error' || level === 'warning') log.debug({ worker: message }, 'worker')
  })
}
