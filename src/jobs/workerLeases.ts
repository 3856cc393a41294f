import type pg from 'pg'
import type { App } from '../app.ts'
import { PrimaryClient } from '../db/primaryClient.ts'

/** The class of the advisory locks that workers hold while they live. */
export const LEASE_CLASS = 3_105_617
const LOOK_EVERY_MS = 3_000
const RECONNECT_AFTER_MS = 500
const ANSWER_WITHIN_MS = 10_000
const POOLED =
  'jobs reach the database by a pooler: in transaction mode those of a killed worker are not taken over, and some may run twice; set DATABASE_DIRECT_URL'

/**
 * Jobs of a killed process would stay locked for hours. So each worker holds an advisory lock under its name
 * for as long as its connection lives, and jobs whose worker holds none at two looks are released: between
 * them a worker that lost nothing but its connection has time to come back.
 */
export class WorkerLeases {
  readonly #app: App
  readonly #held = new Set<string>()
  #suspects: string[] = []
  #client: PrimaryClient | undefined
  #watching = Promise.resolve()
  #isReleased = false
  #wake = () => {}

  private constructor(app: App) {
    this.#app = app
  }

  /** Connects, and begins to look for abandoned jobs. */
  static async open(app: App): Promise<WorkerLeases> {
    const leases = new WorkerLeases(app)
    const client = await leases.#connect()
    // In session mode that is well, which cannot be told from here.
    if (await client.isPooled()) app.log.warn(POOLED)
    leases.#watching = leases.#watch()
    return leases
  }

  /** Holds a lease under this name from now on, also over lost connections. */
  async hold(worker: string): Promise<void> {
    if (this.#held.has(worker)) return
    this.#held.add(worker)
    // Where this fails the connection is gone; the next one takes all that are held.
    if (this.#client) await lock(this.#client, worker).catch(() => undefined)
  }

  /** Ends the lease of a worker that ended by itself, so that what it left behind is taken over. */
  async drop(worker: string): Promise<void> {
    this.#held.delete(worker)
    await this.#client?.query(unlockLease, [LEASE_CLASS, worker]).catch(() => undefined)
  }

  /** Ends all leases. */
  async release(): Promise<void> {
    this.#isReleased = true
    this.#wake()
    await this.#watching
    await this.#client?.end()
  }

  async #watch(): Promise<void> {
    while (!this.#isReleased) {
      try {
        await this.#freeAbandoned(this.#client ?? (await this.#connect()))
        await this.#pause(LOOK_EVERY_MS)
      } catch (error) {
        this.#app.log.warn({ error }, 'could not look for abandoned jobs; trying again soon')
        await this.#pause(RECONNECT_AFTER_MS)
      }
    }
  }

  async #connect(): Promise<PrimaryClient> {
    const client = new PrimaryClient({
      connectionString: this.#app.config.databaseDirectUrl.reveal(),
      connectionTimeoutMillis: ANSWER_WITHIN_MS,
      query_timeout: ANSWER_WITHIN_MS,
      keepAlive: true,
      pipeline: true,
      application_name: 'frontgate leases',
    })
    client.on('error', () => this.#lose(client))
    await client.connect()
    for (const worker of this.#held) await lock(client, worker)
    this.#client = client
    this.#suspects = []
    return client
  }

  #lose(client: PrimaryClient): void {
    if (this.#client !== client) return
    this.#client = undefined
    this.#wake()
  }

  async #freeAbandoned(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ worker: string }>(workersWithoutLease, [LEASE_CLASS])
    const without = rows.map(({ worker }) => worker)
    const gone = without.filter((worker) => this.#suspects.includes(worker))
    this.#suspects = without
    if (gone.length === 0) return
    await client.query('select graphile_worker.force_unlock_workers($1)', [gone])
    this.#app.metrics.workersLost.inc(gone.length)
    this.#app.log.warn({ workers: gone.length }, 'took over the jobs of workers that are gone')
  }

  #pause(ms: number): Promise<void> {
    if (this.#isReleased) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    this.#wake = resolve
    return promise.finally(() => clearTimeout(timer))
  }
}

// Shared, so that a worker whose old connection the server has not missed yet does not wait for itself.
const lockLease = 'select pg_advisory_lock_shared($1, hashtext($2))'
const unlockLease = 'select pg_advisory_unlock_shared($1, hashtext($2))'

async function lock(client: pg.Client, worker: string): Promise<void> {
  await client.query(lockLease, [LEASE_CLASS, worker])
}

const workersWithoutLease = `
  select distinct j.locked_by as worker from graphile_worker.jobs j
  where j.locked_by is not null and not exists (
    select from pg_locks l
    where l.locktype = 'advisory' and l.classid = $1 and l.objid = (hashtext(j.locked_by)::bigint & 4294967295)::oid
      and l.database = (select oid from pg_database where datname = current_database())
  )`
