import type { WorkerEvents } from 'graphile-worker'
import pg from 'pg'
import type { App } from '../app.ts'

const LEASE_CLASS = 3_105_617
const CHECK_EVERY_MS = 15_000

/**
 * Jobs of a killed process would stay locked for hours. So each worker holds an advisory lock under its name
 * for as long as its connection lives, and jobs whose worker holds none are released.
 */
export async function holdWorkerLeases(
  app: App,
  connectionString: string,
  events: WorkerEvents,
): Promise<{ release: () => Promise<void> }> {
  const workers = new Set<string>()
  let client: pg.Client | undefined
  let released = false

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({
      connectionString,
      keepAlive: true,
      pipeline: true,
      application_name: 'frontgate leases',
    })
    fresh.on('error', () => {
      if (client === fresh) client = undefined
    })
    await fresh.connect()
    client = fresh
    for (const worker of workers) await hold(fresh, worker)
    return fresh
  }
  async function check(): Promise<void> {
    const connection = client ?? (await connect())
    const { rows } = await connection.query<{ freed: string }>(freeAbandonedJobs, [LEASE_CLASS])
    if (rows.length > 0) app.log.warn({ workers: rows.length }, 'took over the jobs of workers that are gone')
  }
  const tryCheck = () =>
    check().catch((error: unknown) => {
      if (!released) app.log.warn({ error }, 'could not look for abandoned jobs; trying again soon')
    })

  events.on('worker:create', ({ worker }) => {
    workers.add(worker.workerId)
    if (client) hold(client, worker.workerId).catch(() => undefined)
  })
  await check()
  const timer = setInterval(tryCheck, CHECK_EVERY_MS)
  timer.unref()
  return {
    async release() {
      released = true
      clearInterval(timer)
      await client?.end()
    },
  }
}

async function hold(client: pg.Client, worker: string): Promise<void> {
  await client.query('select pg_advisory_lock($1, hashtext($2))', [LEASE_CLASS, worker])
}

const freeAbandonedJobs = `
  with gone as (
    select distinct j.locked_by from graphile_worker.jobs j
    where j.locked_by is not null and not exists (
      select from pg_locks l
      where l.locktype = 'advisory' and l.classid = $1 and l.objid = (hashtext(j.locked_by)::bigint & 4294967295)::oid
        and l.database = (select oid from pg_database where datname = current_database())
    )
  )
  select locked_by as freed, graphile_worker.force_unlock_workers(array[locked_by]) from gone`
