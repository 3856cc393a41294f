import { sql } from 'kysely'
import type { App } from '../../app.ts'
import { follow } from '../jobs.ts'

const BATCH = 1_000

/** Promises work again for events that wait though nothing is under way for them, as when the key of Stripe came later. */
export async function promiseWaitingEvents(app: App): Promise<void> {
  const { rows } = await sql<{ customer: string | null; event: string }>`
    select stripe_customer_id as customer, min(id) as event from stripe_events
    where status = 'received'
    group by stripe_customer_id, case when stripe_customer_id is null then id end
    limit ${BATCH}`.execute(app.db)
  for (const { customer, event } of rows) await follow(app.db, event, customer)
}
