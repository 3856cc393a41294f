import { EventEmitter } from 'node:events'
import { Logger, parseCronItems, type Runner, run, type WorkerEvents } from 'graphile-worker'
import pg from 'pg'
import type { App } from '../app.ts'
import type { Log } from '../http/log.ts'
import type { Job } from './enqueue.ts'
import { holdWorkerLeases } from './workerLeases.ts'

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

/** Starts taking jobs. Several processes may do so; each job goes to one of them. */
export async function runJobs(app: App, handlers: JobHandler[], sweeps: Sweep[]): Promise<Worker> {
  const { databaseUrl, workerConcurrency, shutdownSeconds } = app.config
  const connectionString = databaseUrl.reveal()
  const pool = new pg.Pool({
    connectionString,
    max: workerConcurrency + 2,
    application_name: 'frontgate jobs',
  })
  // A connection that breaks is replaced; without listeners the event would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const events: WorkerEvents = new EventEmitter()
  const leases = await holdWorkerLeases(app, connectionString, events)
  const runner: Runner = await run({
    pgPool: pool,
    concurrency: workerConcurrency,
    noHandleSignals: true,
    events,
    logger: quietLogger(app.log),
    preset: { worker: { gracefulShutdownAbortTimeout: shutdownSeconds * 1000 } },
    taskList: Object.fromEntries([
      ...handlers.map((handler) => [
        handler.name,
        counted(app, handler.name, (payload) => handler.run(app, payload)),
      ]),
      ...sweeps.map((sweep) => [sweep.name, counted(app, sweep.name, () => sweep.run(app, app.now()))]),
    ]),
    parsedCronItems: parseCronItems(
      sweeps.map(({ name }) => ({ task: name, match: '* * * * *', identifier: name })),
    ),
  })
  return {
    async stop() {
      await runner.stop()
      await leases.release()
      await pool.end()
    },
  }
}

function counted(app: App, job: string, work: (payload: object) => Promise<void>) {
  return async (payload: unknown) => {
    try {
      await work(payload as object)
      app.metrics.jobs.inc({ job, outcome: 'done' })
    } catch (error) {
      app.metrics.jobs.inc({ job, outcome: 'failed' })
      app.log.warn({ job, error }, 'job failed, it will be tried again')
      throw error
    }
  }
}

function quietLogger(log: Log): Logger {
  return new Logger(() => (level, message) => {
    if (level === 'error' || level === 'warning') log.debug({ worker: message }, 'worker')
  })
}
