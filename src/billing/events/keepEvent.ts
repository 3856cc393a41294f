import { CompiledQuery } from 'kysely'
import type { Db } from '../../db/database.ts'
import { withTrace } from '../../jobs/enqueue.ts'
import { waitingJob } from '../../jobs/waitingJob.ts'
import { follow, followingOf } from '../jobs.ts'
import type { ReceivedEvent } from './rules.ts'

/** A customer is looked at again only then, so that a burst of events is two looks. */
const COOL_DOWN_SECONDS = 3

/** $1 id, $2 type, $3 shape, $4 customer, $5 object, $6 ignored, $7 payload, $8 created, $9 now; then the job: $10 name, $11 payload, $12 key, $13 priority. */
const statement = `
  with customer as (
    select looked_at from stripe_customers where stripe_customer_id = $4
  ), decided as (
    select case
      when $6::text is not null then $6
      when $4::text is not null and not exists (select from customer) then 'unknown-customer'
    end as ignored
  ), event as (
    insert into stripe_events
      (id, type, shape, stripe_customer_id, object_id, status, reason, payload, created_at, received_at)
    select $1, $2, $3, $4, $5, case when ignored is null then 'received' else 'ignored' end, ignored,
      case when ignored is null then $7::json else '{}' end, $8, $9
    from decided
    on conflict (id) do update set status = 'received', attempts = 0
      where stripe_events.status in ('received', 'parked')
    returning status
  ), waiting as materialized (${waitingJob('$12')})
  select (graphile_worker.add_job($10, $11::json, job_key => $12, job_key_mode => 'preserve_run_at', priority => $13,
    run_at => clock_timestamp() + make_interval(secs => least(${COOL_DOWN_SECONDS}, greatest(0, coalesce(
      ${COOL_DOWN_SECONDS} - extract(epoch from $9::timestamptz - (select looked_at from customer)), 0)))::float8))).id
  from event where status = 'received' and not exists (select from waiting)`

/**
 * Keeps an event and promises to follow it, in one statement. An event that is known already is kept once; unless
 * it has been handled, it is promised again.
 */
export async function keepEvent(db: Db, event: ReceivedEvent, payload: string, at: Date): Promise<void> {
  const { id, type, shape, customer, object, ignored, createdAt } = event
  const row = [id, type, shape, customer, object, ignored, payload, createdAt, at]
  const { name, payload: told, key, priority } = followingOf(id, customer)
  const promise = [name, JSON.stringify(withTrace(told)), key, priority]
  const { rows } = await db.executeQuery(
    CompiledQuery.raw(statement, [...row, ...promise]) as CompiledQuery<{ id: string | null }>,
  )
  // A look that began at this very moment kept the library from promising another one, and may not see the event.
  if (rows[0]?.id === null) await follow(db, id, customer)
}
