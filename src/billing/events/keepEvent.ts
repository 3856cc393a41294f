import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import { projectionKey, projectJob } from '../projection/projectCustomer.ts'
import { resolveEventJob } from './resolveEvent.ts'
import type { ReceivedEvent } from './rules.ts'

/** A customer that was just projected is looked at again only then, so that a burst of events is two looks. */
export const COOL_DOWN_SECONDS = 3

/**
 * Keeps an event and promises to follow it, in one statement. An event that is known already is kept once; unless
 * it has been handled, it is promised again.
 */
export async function keepEvent(
  db: Db,
  { id, type, shape, customer, object, ignored, createdAt }: ReceivedEvent,
  payload: string,
  at: Date,
): Promise<void> {
  const follow = customer
    ? { job: projectJob.name, key: projectionKey(customer), payload: { customer } }
    : { job: resolveEventJob.name, key: `stripe-event ${id}`, payload: { event: id } }
  await sql`
    with customer as (
      select projected_at from stripe_customers where stripe_customer_id = ${customer}
    ), decided as (
      select case
        when ${ignored}::text is not null then ${ignored}
        when ${customer}::text is not null and not exists (select from customer) then 'unknown-customer'
      end as ignored
    ), event as (
      insert into stripe_events
        (id, type, shape, stripe_customer_id, object_id, status, reason, payload, created_at, received_at)
      select ${id}, ${type}, ${shape}, ${customer}, ${object},
        case when ignored is null then 'received' else 'ignored' end, ignored, ${payload}::json, ${createdAt}, ${at}
      from decided
      on conflict (id) do update set status = 'received', attempts = 0
        where stripe_events.status in ('received', 'parked')
      returning status
    )
    select graphile_worker.add_job(${follow.job}, ${JSON.stringify(follow.payload)}::json,
      job_key => ${follow.key}, job_key_mode => 'preserve_run_at',
      run_at => clock_timestamp() + make_interval(secs => greatest(0, coalesce(
        ${COOL_DOWN_SECONDS} - extract(epoch from ${at}::timestamptz - (select projected_at from customer)), 0))::float8))
    from event where status = 'received'`.execute(db)
}
