import type pg from 'pg'
import { LEASE_CLASS } from '../../jobs/workerLeases.ts'

/** What has been promised and is not done yet, over all processes. Times are by the clock of those who wrote them. */
export interface Backlog {
  jobs: JobBacklog[]
  eventsReceived: number
  oldestReceivedAt: Date | null
  eventsParked: number
  /** When the last full comparison with Stripe began; where none has ended, the first one. */
  reconciledAt: Date | null
  webhooksWaiting: number
  oldestWebhookAt: Date | null
  endpointsDisabled: number
  /** Processes that take jobs. */
  workers: number
}

/** Of one kind of job: due now, running, due later for the first time, due later since a run has failed, given up. */
export interface JobBacklog {
  job: string
  ready: number
  running: number
  later: number
  retrying: number
  given_up: number
  /** How long the one that has been due for longest is waiting, in seconds; null where none is due. */
  oldest_ready: number | null
}

/** Where so many wait, nobody asks how many more, and counting them would slow down what is to work them off. */
const MOST_ROWS = 10_000

/**
 * Reads it in one statement, whose cost does not grow with users. Of each priority it counts the jobs that have been due for
 * longest, and those that are due next, up to a bound: the oldest is always among them. Those that run or are given up are
 * counted apart, which looks through the jobs as workers do that look for abandoned ones.
 */
export async function readBacklog(pool: Pick<pg.Pool, 'query'>): Promise<Backlog> {
  const { rows } = await pool.query<Backlog>(statement)
  if (!rows[0]) throw new Error('What waits could not be read')
  return rows[0]
}

const countOf = (rows: string) => `(select count(*) from (select ${rows} limit ${MOST_ROWS}) counted)`

/** In the order in which workers take them, which has an index. */
const firstJobs = (where: string, state: string) => `
  select j.task_id, j.run_at, ${state} as state
  from graphile_worker._private_jobs j
  where j.is_available and j.priority = p.priority and ${where}
  order by j.run_at limit ${MOST_ROWS}`

const statement = `
  with recursive priorities as (
    select min(priority) as priority from graphile_worker._private_jobs where is_available
    union all
    select (select min(j.priority) from graphile_worker._private_jobs j where j.is_available and j.priority > p.priority)
    from priorities p where p.priority is not null
  ), seen as (
    select first.* from priorities p cross join lateral (
      (${firstJobs('j.run_at <= statement_timestamp()', `'ready'`)})
      union all
      (${firstJobs('j.run_at > statement_timestamp()', `case when j.attempts = 0 then 'later' else 'retrying' end`)})
    ) first
    union all
    (select task_id, run_at, case when locked_at is null then 'given-up' else 'running' end
      from graphile_worker._private_jobs where not is_available limit ${MOST_ROWS})
  ), jobs as (
    select t.identifier as job,
      count(*) filter (where state = 'ready') as ready,
      count(*) filter (where state = 'running') as running,
      count(*) filter (where state = 'later') as later,
      count(*) filter (where state = 'retrying') as retrying,
      count(*) filter (where state = 'given-up') as given_up,
      extract(epoch from statement_timestamp() - min(run_at) filter (where state = 'ready'))::float8 as oldest_ready
    from seen join graphile_worker._private_tasks t on t.id = task_id
    group by t.identifier
  )
  select
    (select coalesce(json_agg(jobs), '[]') from jobs) as jobs,
    ${countOf(`from stripe_events where status = 'received'`)} as "eventsReceived",
    (select min(received_at) from stripe_events where status = 'received') as "oldestReceivedAt",
    ${countOf(`from stripe_events where status = 'parked'`)} as "eventsParked",
    coalesce(
      (select started_at from reconciliations where finished_at is not null order by started_at desc limit 1),
      (select min(started_at) from reconciliations)) as "reconciledAt",
    ${countOf(`from webhook_deliveries where state = 'waiting'`)} as "webhooksWaiting",
    (select min(created_at) from webhook_deliveries where state = 'waiting') as "oldestWebhookAt",
    (select count(*) from webhook_endpoints where disabled_at is not null) as "endpointsDisabled",
    (select count(distinct objid) from pg_locks
      where locktype = 'advisory' and classid = ${LEASE_CLASS} and granted
        and database = (select oid from pg_database where datname = current_database())) as workers`
